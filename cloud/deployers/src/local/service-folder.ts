import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import path from 'node:path';
import type { ContainerLimits } from '../containers/scorer-container-options.ts';
import type { StageFailure } from '../stage-failure.ts';

/** What a container is made of. */
export interface DesiredContainer extends ContainerLimits {
  /** By the name that it has in the Docker Engine. */
  readonly image: string;
  /** A network of the engine; default: the engine's bridge, or the host's network where it has none. */
  readonly network?: string;
  readonly service: string;
  readonly models: readonly string[];
}

/** What the host of a service is to do; written by those who deploy, read by the host. */
export interface DesiredService {
  readonly revision: number;
  readonly state: 'running' | 'stopped';
  readonly port: number;
  /** The scorer's program, for a process. */
  readonly program?: string;
  /** What to run as a container, instead of a process. */
  readonly container?: DesiredContainer;
  /** Variables of the scorer. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What the host of a service does; written by the host alone. */
export interface ServiceStatus {
  /** The revision that answers. */
  readonly revision?: number;
  /** The process that answers. */
  readonly processId?: number;
  /** The revision that is being started. */
  readonly starting?: number;
  /** Why the newest revision did not come up, or the present one is down. */
  readonly failure?: StageFailure & { readonly revision: number };
  /** How often the present revision ended and was started again. */
  readonly restarts: number;
  readonly updatedTime: string;
}

/** Others look for a moment only. */
const LOCK_PATIENCE_MS = 2000;

/** The folder through which a service's host and those who deploy talk to each other. Both may come and go. */
export class ServiceFolder {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = path.resolve(directory);
  }

  get keysFile(): string {
    return path.join(this.directory, 'keys.json');
  }

  get jwksFile(): string {
    return path.join(this.directory, 'jwks.json');
  }

  get appInsightsFile(): string {
    return path.join(this.directory, 'app-insights');
  }

  get log(): string {
    return path.join(this.directory, 'log');
  }

  async readDesired(): Promise<DesiredService | undefined> {
    return (await this.#read('desired.json')) as DesiredService | undefined;
  }

  async readStatus(): Promise<ServiceStatus | undefined> {
    return (await this.#read('status.json')) as ServiceStatus | undefined;
  }

  async writeDesired(desired: DesiredService): Promise<void> {
    await this.write('desired.json', JSON.stringify(desired, null, 2));
  }

  async writeStatus(status: ServiceStatus): Promise<void> {
    await this.write('status.json', JSON.stringify(status, null, 2));
  }

  /** Writes a file that only its owner may read; it is whole or it is the former one. */
  async write(name: string, text: string): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const file = path.join(this.directory, name);
    const draft = `${file}.${Math.random().toString(36).slice(2)}`;
    await writeFile(draft, text, { mode: 0o600 });
    await rename(draft, file);
  }

  /** Takes the place of the host; undefined when another process has it. A process that dies loses it. */
  lock(): Disposable | undefined {
    const database = new DatabaseSync(this.#lockFile, { timeout: LOCK_PATIENCE_MS });
    try {
      database.exec('BEGIN EXCLUSIVE');
      return { [Symbol.dispose]: () => database.close() };
    } catch {
      database.close();
      return undefined;
    }
  }

  /** True while a host runs. Asking does not take the place of one: readers give way to it. */
  async hasHost(): Promise<boolean> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    const database = new DatabaseSync(this.#lockFile, { timeout: 0 });
    try {
      database.exec('SELECT count(*) FROM sqlite_master');
      return false;
    } catch {
      return true;
    } finally {
      database.close();
    }
  }

  get #lockFile(): string {
    return path.join(this.directory, 'host.lock');
  }

  async #read(name: string): Promise<unknown> {
    const text = await readFile(path.join(this.directory, name), 'utf8').catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  }
}
