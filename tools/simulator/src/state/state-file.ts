import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { writePrivateFile } from './write-private-file.ts';

/** What a running simulator writes down for clients on this machine. */
export interface StateFile {
  /** Address of the control interface. */
  readonly url: string;
  /** Secret that the control interface asks for. */
  readonly token: string;
  readonly processId?: number;
}

export function writeStateFile(stateDirectory: string, content: StateFile): void {
  writePrivateFile(fileIn(stateDirectory), `${JSON.stringify(content, undefined, 2)}\n`);
}

export function removeStateFile(stateDirectory: string): void {
  rmSync(fileIn(stateDirectory), { force: true });
}

/** Undefined when there is none, or it is not one. It may be left over from a simulator that was killed. */
export function readStateFile(stateDirectory: string): StateFile | undefined {
  try {
    const read = JSON.parse(readFileSync(fileIn(stateDirectory), 'utf8')) as Partial<StateFile> | null;
    if (typeof read?.url !== 'string' || typeof read.token !== 'string') return undefined;
    return { url: read.url, token: read.token, ...(read.processId !== undefined && { processId: read.processId }) };
  } catch {
    return undefined;
  }
}

function fileIn(stateDirectory: string): string {
  return path.join(stateDirectory, 'simulator.json');
}
