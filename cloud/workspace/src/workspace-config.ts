import { existsSync } from 'node:fs';
import path from 'node:path';
import { WorkspaceConfigSchema } from '@edgewright/contract';
import type { WorkspaceConfig } from '@edgewright/contract';
import { readDocument } from './read-document.ts';

const FILE = 'workspace.json';

/**
 * What the file `workspace.json` of a workspace says; nothing, when it is not there.
 *
 * @throws ContractError `FileNotReadable`, `InvalidJson`, `InvalidDocument`
 */
export async function readWorkspaceConfig(root: string): Promise<WorkspaceConfig> {
  const file = path.join(root, FILE);
  if (!existsSync(file)) return {};
  return await readDocument(WorkspaceConfigSchema, file, 'the configuration of the workspace');
}
