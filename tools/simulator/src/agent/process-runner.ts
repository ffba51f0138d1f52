import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import path from 'node:path';
import { messageOf } from '@edgewright/contract';
import type { OciPlatform } from '@edgewright/contract';
import { processCommand } from './container-command.ts';
import type { ProcessCommand } from './container-command.ts';
import { unusable } from './image-layout.ts';
import type { LocatedImage } from './image-layout.ts';
import type { ImageSources } from './image-sources.ts';
import { ModuleLog } from './module-log.ts';
import type { ModuleOutput } from './module-output.ts';
import type { ModuleExit, ModuleRunner, PreparedModule, RunningModule } from './module-runner.ts';
import type { ModuleSpec } from './module-spec.ts';
import { ProcessGuard } from './process-guard.ts';
import { processImage } from './process-image.ts';
import { unpackImage } from './unpack-image.ts';

export interface ProcessRunnerOptions {
  /** A folder below this one for each module: `rootfs`, `image.json`, `log`. */
  readonly directory: string;
  readonly images: ImageSources;
  /** What images must be made for; undefined on machines for which there are none. */
  readonly platform: OciPlatform | undefined;
  readonly nodePath: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly now: () => number;
  /** Told what modules print. */
  readonly onOutput?: ModuleOutput;
}

/** Runs modules as processes: the image is unpacked, and its entry point started in it. There is no isolation. */
export class ProcessRunner implements ModuleRunner {
  readonly #options: ProcessRunnerOptions;
  readonly #guard: ProcessGuard;

  constructor(options: ProcessRunnerOptions) {
    this.#options = options;
    this.#guard = new ProcessGuard(options.nodePath);
  }

  async prepare(spec: ModuleSpec, signal: AbortSignal): Promise<PreparedModule> {
    const { images, platform, nodePath } = this.#options;
    if (platform === undefined) throw unusable('no images are made for this kind of machine', { image: spec.image });
    const image = await processImage(spec, { images, platform, signal });
    const directory = path.join(this.#options.directory, spec.name);
    const rootDirectory = await unpacked(image, directory, signal);
    const command = (edgeEnvironment: Readonly<Record<string, string>>) =>
      processCommand({
        spec,
        image: image.config,
        rootDirectory,
        nodePath,
        hostEnvironment: this.#options.environment,
        edgeEnvironment,
      });
    // says now, rather than at every start, that there is nothing to run
    command({});
    return {
      imageDigest: image.digest,
      start: async (environment) => await this.#start(spec.name, command(environment)),
    };
  }

  async remove(moduleId: string): Promise<void> {
    await rm(path.join(this.#options.directory, moduleId), { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#guard[Symbol.asyncDispose]();
  }

  async #start(moduleId: string, command: ProcessCommand): Promise<RunningModule> {
    const { directory, now, onOutput } = this.#options;
    const log = await ModuleLog.open(path.join(directory, moduleId), {
      now,
      ...(onOutput !== undefined && { onLine: (line) => onOutput(moduleId, line) }),
    });
    // detached: a process group of its own, which can be ended as a whole and which Ctrl-C does not reach
    const child = spawn(command.file, command.args, {
      cwd: command.workingDirectory,
      env: command.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    if (child.pid !== undefined) this.#guard.watch(child.pid);
    log.take(child.stdout, 'stdout');
    log.take(child.stderr, 'stderr');
    // not at its end: there may be output that was not read yet
    child.once('close', () => void log[Symbol.asyncDispose]());
    const exited = this.#exitOf(child, command.file);
    return {
      ...(child.pid !== undefined && { pid: child.pid }),
      exited,
      stop: async (graceMs) => await this.#stop(child, exited, graceMs),
    };
  }

  async #exitOf(child: ChildProcess, file: string): Promise<ModuleExit> {
    const group = child.pid;
    try {
      const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
      if (signal === null) return { exitCode: code ?? 0, description: `exited with code ${code ?? 0}` };
      return { exitCode: 128 + constants.signals[signal], description: `ended by ${signal}` };
    } catch (error) {
      return { exitCode: 127, description: `cannot start ${file}: ${messageOf(error)}` };
    } finally {
      if (group !== undefined) {
        // what it started and left behind ends with it
        this.#guard.signal(group, 'SIGKILL');
        this.#guard.forget(group);
      }
    }
  }

  async #stop(child: ChildProcess, exited: Promise<ModuleExit>, graceMs: number): Promise<void> {
    const group = child.pid;
    if (group === undefined || child.exitCode !== null || child.signalCode !== null) return;
    this.#guard.signal(group, 'SIGTERM');
    const timer = setTimeout(() => this.#guard.signal(group, 'SIGKILL'), graceMs);
    await exited;
    clearTimeout(timer);
  }
}

/** The folder with the unpacked image; made unless it is there already. */
async function unpacked(image: LocatedImage, directory: string, signal: AbortSignal): Promise<string> {
  const rootDirectory = path.join(directory, 'rootfs');
  const record = path.join(directory, 'image.json');
  const known = await readFile(record, 'utf8').catch(() => '');
  const wanted = `${JSON.stringify({ reference: image.reference, digest: image.digest })}\n`;
  if (known === wanted) return rootDirectory;
  await mkdir(directory, { recursive: true });
  await removeHalfDone(directory);
  const temporary = path.join(directory, `rootfs.new-${image.digest.slice(7, 19)}`);
  await mkdir(temporary, { mode: 0o700 });
  await unpackImage(image, temporary, { signal });
  await rm(record, { force: true });
  await rm(rootDirectory, { recursive: true, force: true });
  await rename(temporary, rootDirectory);
  await writeFile(record, wanted);
  return rootDirectory;
}

/** What a killed simulator left while it unpacked. */
async function removeHalfDone(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.startsWith('rootfs.new-')) await rm(path.join(directory, name), { recursive: true, force: true });
  }
}
