import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import type { WorkloadApi } from './workload-api.ts';
import { startWorkloadServer } from './workload-server.ts';
import type { WorkloadServer } from './workload-server.ts';

/** The longest path of a Unix socket: `sun_path` has 108 bytes on Linux and 104 on macOS, with the NUL at its end. */
const MAX_SOCKET_PATH_BYTES = 103;
/** The Azure SDK percent-encodes the path of the socket's URI and never decodes it: blanks, for instance, do not survive. */
const PLAIN_PATH = /^[A-Za-z0-9/._-]+$/;

export interface WorkloadSocketsOptions {
  readonly api: WorkloadApi;
  /** Where the sockets should stand; made when it is not there. */
  readonly directory: string;
  /** Where they stand when paths in `directory` would be too long, or not plain, such as `os.tmpdir()`. */
  readonly temporaryDirectory: string;
  /** Lets other users of this machine connect who get at the socket, as those of containers do; its folder stays closed. */
  readonly isShared?: boolean;
}

/** The sockets of the workload API, one for each module. Disposing of it closes them and leaves no file behind. */
export class WorkloadSockets implements AsyncDisposable {
  readonly #options: WorkloadSocketsOptions;
  readonly #servers = new Map<string, Promise<WorkloadServer>>();
  #temporary: Promise<string> | undefined;

  constructor(options: WorkloadSocketsOptions) {
    this.#options = options;
  }

  /** The address at which a module reaches the workload API, `unix://…`; opened when it is not yet. */
  async uriFor(moduleId: string): Promise<string> {
    const server = this.#servers.get(moduleId) ?? this.#open(moduleId);
    this.#servers.set(moduleId, server);
    return (await server).uri;
  }

  /** Closes a module's socket. */
  async close(moduleId: string): Promise<void> {
    const server = await this.#servers.get(moduleId);
    this.#servers.delete(moduleId);
    await server?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#servers.keys()].map((moduleId) => this.close(moduleId)));
    if (this.#temporary !== undefined) await rm(await this.#temporary, { recursive: true, force: true });
  }

  async #open(moduleId: string): Promise<WorkloadServer> {
    return await startWorkloadServer(this.#options.api, {
      socketPath: await this.#path(moduleId),
      moduleId,
      isShared: this.#options.isShared ?? false,
    });
  }

  async #path(moduleId: string): Promise<string> {
    const { directory, temporaryDirectory } = this.#options;
    const wanted = path.join(directory, `${moduleId}.sock`);
    if (PLAIN_PATH.test(wanted) && wanted.length <= MAX_SOCKET_PATH_BYTES) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      return wanted;
    }
    this.#temporary ??= mkdtemp(path.join(temporaryDirectory, 'edgewright-'));
    const short = createHash('sha256').update(moduleId).digest('hex').slice(0, 16);
    return path.join(await this.#temporary, `${short}.sock`);
  }
}
