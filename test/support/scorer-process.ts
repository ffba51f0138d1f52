import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../modules/scorer/src/main.ts', import.meta.url));

/** The app root of an image with one model, in a temporary folder. */
export interface AppRoot extends AsyncDisposable {
  readonly directory: string;
}

/** Lays out an app root as the packager does: `edgewright.json`, the model `model:1`, and an entry script if there is one. */
export async function createAppRoot(model: Uint8Array, entryScript?: string): Promise<AppRoot> {
  const directory = await mkdtemp(path.join(tmpdir(), 'edgewright-app-'));
  const folder = path.join(directory, 'azureml-models/model/1');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'model.onnx'), model);
  const sha256 = createHash('sha256').update(model).digest('hex');
  const place = { directory: 'azureml-models/model/1', file: 'model.onnx' };
  if (entryScript !== undefined) await writeFile(path.join(directory, 'score.mjs'), entryScript);
  await writeFile(
    path.join(directory, 'edgewright.json'),
    JSON.stringify({
      schemaVersion: 1,
      models: [{ name: 'model', version: 1, ...place, format: 'onnx', sha256 }],
      backend: 'auto',
      ...(entryScript === undefined ? {} : { entryScript: 'score.mjs' }),
    }),
  );
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
}

/** A line of the scorer's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly level: string; readonly msg: string };

/** The scorer as edgeAgent would run it, from its sources. */
export class ScorerProcess implements AsyncDisposable {
  readonly lines: LogLine[] = [];
  /** What it wrote that is not a line of its log. */
  readonly noise: string[] = [];
  /** Resolves with the exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
  readonly #child;
  #changed = Promise.withResolvers<void>();
  #hasEnded = false;

  /** @param executable what runs the program, when that is not Node.js */
  constructor(environment: Readonly<Record<string, string>>, program: readonly string[] = [main], executable?: string) {
    const flags = ['--conditions=edgewright-source', '--disable-warning=ExperimentalWarning'];
    this.#child = spawn(executable ?? process.execPath, [...(executable === undefined ? flags : []), ...program], {
      env: {
        PATH: process.env['PATH'] ?? '',
        ...(process.env['NODE_COMPILE_CACHE'] === undefined
          ? {}
          : { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] }),
        PORT: '0',
        EDGEWRIGHT_METRICS_PORT: '0',
        EDGEWRIGHT_HTTP_HOST: '127.0.0.1',
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    createInterface(this.#child.stdout).on('line', (line) => this.#take(line));
    createInterface(this.#child.stderr).on('line', (line) => this.noise.push(line));
    this.ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.#hasEnded = true;
        this.#changed.resolve();
        resolve(code ?? signal ?? 'unknown');
      });
    });
  }

  /** Waits for a line of the log with this text. Throws when the scorer ends first, with what it said. */
  async line(message: string): Promise<LogLine> {
    for (;;) {
      const found = this.lines.find(({ msg }) => msg.includes(message));
      if (found !== undefined) return found;
      if (this.#hasEnded) {
        throw new TypeError(
          `the scorer ended before "${message}": ${JSON.stringify(this.lines.at(-1))} ${this.noise.join('\n')}`,
        );
      }
      await this.#changed.promise;
    }
  }

  /** The URL of its HTTP host, once it is ready. */
  async url(): Promise<string> {
    return String((await this.line('ready to score'))['url']);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  #take(line: string): void {
    try {
      this.lines.push(JSON.parse(line) as LogLine);
    } catch {
      this.noise.push(line);
    }
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
