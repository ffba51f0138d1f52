import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleScorer } from '@edgewright/packager';
import { freePort } from '../../test/support/free-port.ts';
import { pythonEnvironment } from '../../test/support/python-environment.ts';
import { createAppRoot } from '../../test/support/scorer-process.ts';
import { IMAGE_SHAPE, MODEL_NAME } from './requests.ts';
import { ServerProcess } from './server-process.ts';
import type { ServerCommand } from './server-process.ts';

/** A server that runs, and where. */
export interface RunningServer extends AsyncDisposable {
  readonly url: string;
  readonly process: ServerProcess;
}

/** Starts a server for a model file. */
export type StartServer = (model: string) => Promise<RunningServer>;

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const NODE = [process.execPath, '--conditions=edgewright-source', '--disable-warning=ExperimentalWarning'];
/** So that each server logs what goes wrong, and no request. */
const QUIET = { EDGEWRIGHT_LOG_LEVEL: 'warn', AZUREML_LOG_LEVEL: 'ERROR' };

async function run(command: (port: number) => ServerCommand): Promise<RunningServer> {
  const port = await freePort();
  const server = await ServerProcess.start(command(port));
  return {
    url: `http://127.0.0.1:${port}`,
    process: server,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** The scorer of an image, bundled as it is there, with one thread. */
export async function edgewright(folder: string): Promise<StartServer> {
  // inside node_modules, from where the runtimes are found that images carry beside it
  const bundle = path.join(folder, 'scorer');
  await bundleScorer(bundle);
  return async (model) => {
    const app = await createAppRoot(await readFile(model));
    const server = await run((port) => ({
      command: [process.execPath, path.join(bundle, 'main.mjs')],
      environment: { ...QUIET, AML_APP_ROOT: app.directory, EDGEWRIGHT_HTTP_HOST: '127.0.0.1', PORT: String(port), EDGEWRIGHT_THREADS: '1' },
      readyUrl: `http://127.0.0.1:${port}/`,
    })); // prettier-ignore
    return {
      ...server,
      [Symbol.asyncDispose]: async () => {
        await server[Symbol.asyncDispose]();
        await app[Symbol.asyncDispose]();
      },
    };
  };
}

/** Fastify that parses and answers with what it got. */
export const echo: StartServer = () =>
  run((port) => ({
    command: [...NODE, here('echo-server.ts'), String(port)],
    readyUrl: `http://127.0.0.1:${port}/`,
  }));

/** Azure ML's own server, with one worker. @returns why not, where it cannot be had */
export async function azureml(folder: string, script: 'azureml_score.py' | 'azureml_bytes.py'): Promise<StartServer | string> {
  const python = await pythonEnvironment('../../bench/web/azureml-requirements.txt');
  if (typeof python === 'string') return python;
  return (model) =>
    run((port) => ({
      command: [python.executable, '-m', 'azureml_inference_server_http', '--entry_script', here(script), '--port', String(port)],
      environment: { ...QUIET, MODEL: model, SHAPE: IMAGE_SHAPE.join(','), AML_APP_ROOT: folder },
      directory: folder,
      readyUrl: `http://127.0.0.1:${port}/`,
    }));
} // prettier-ignore

/** MLServer, without a process of its own for the model: one core has no use for it. @returns why not, where it cannot be had */
export async function mlserver(folder: string): Promise<StartServer | string> {
  const python = await pythonEnvironment('../../bench/web/mlserver-requirements.txt');
  if (typeof python === 'string') return python;
  return async (model) => {
    const directory = path.join(folder, `mlserver-${path.basename(model)}`);
    await mkdir(directory, { recursive: true });
    await copyFile(here('mlserver_model.py'), path.join(directory, 'mlserver_model.py'));
    await writeFile(path.join(directory, 'model-settings.json'), JSON.stringify({ name: MODEL_NAME, implementation: 'mlserver_model.OnnxModel' })); // prettier-ignore
    const [grpc, metrics] = [await freePort(), await freePort()];
    return await run((port) => {
      const settings = { host: '127.0.0.1', http_port: port, grpc_port: grpc, metrics_port: metrics, parallel_workers: 0, debug: false }; // prettier-ignore
      const environment = Object.fromEntries(
        Object.entries(settings).map(([name, value]) => [`MLSERVER_${name.toUpperCase()}`, String(value)]),
      );
      return {
        command: [python.executable, '-m', 'mlserver.cli.main', 'start', directory],
        environment: { ...environment, MODEL: model, PYTHONPATH: directory },
        directory,
        readyUrl: `http://127.0.0.1:${port}/v2/models/${MODEL_NAME}/ready`,
      };
    });
  };
}

/** BentoML, with one worker. @returns why not, where it cannot be had */
export async function bentoml(folder: string): Promise<StartServer | string> {
  const python = await pythonEnvironment('../../bench/web/bentoml-requirements.txt');
  if (typeof python === 'string') return python;
  await copyFile(here('bentoml_service.py'), path.join(folder, 'bentoml_service.py'));
  return (model) =>
    run((port) => ({
      command: [python.executable, '-m', 'bentoml', 'serve', 'bentoml_service:Scorer', '--host', '127.0.0.1', '--port', String(port)],
      environment: { MODEL: model, BENTOML_HOME: path.join(folder, 'bentoml'), BENTOML_DO_NOT_TRACK: 'True', PYTHONPATH: folder },
      directory: folder,
      readyUrl: `http://127.0.0.1:${port}/readyz`,
    }));
} // prettier-ignore
