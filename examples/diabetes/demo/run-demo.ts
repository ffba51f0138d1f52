import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { thisProcess } from 'edgewright';
import type { BuiltManifest, ImageSummary, Workspace } from 'edgewright';
import { ridgeToOnnx } from '../ridge-onnx.ts';
import { fitRidge, predict, rSquared } from '../ridge.ts';
import type { LinearModel } from '../ridge.ts';
import { readDiabetesTable } from '../table.ts';
import type { DiabetesTable } from '../table.ts';
import type { DemoScreen } from './demo-screen.ts';
import { makeReport } from './report.ts';
import type { DemoReport } from './report.ts';
import { sendAndCollect } from './send-and-collect.ts';

const ALPHA = 0.4;
const DEVICE = 'demo-device';
const SCORER = 'scorer';
const IMAGE = 'diabetes-scorer:1';
/** Starting a scorer takes a second or two; a busy machine may need much longer. */
const START_DEADLINE_MS = 45_000;

/** edgeHub's own default is 30: nobody wants to watch that when the scorer is killed. */
const ACK_TIMEOUT_SECS = 5;

const exampleFolder = fileURLToPath(new URL('../', import.meta.url));
const template = fileURLToPath(new URL('../../../deployment-manifests/scorer.template.json', import.meta.url));

export interface DemoInput {
  readonly workspace: Workspace;
  readonly screen: DemoScreen;
  /** Kills the scorer's process once a third of the scores have come back. */
  readonly killScorer: boolean;
  readonly signal: AbortSignal;
}

/** The whole way: a table becomes a model, the model an image, the image a module on a device, and messages become scores. */
export async function runDemo({ workspace, screen, killScorer, signal }: DemoInput): Promise<DemoReport> {
  const startedAt = performance.now();
  const { table, model, modelPath } = await trainStage(workspace, screen);
  await registerStage(workspace, screen, modelPath);
  const image = await packageStage(workspace, screen, signal);
  const { manifest } = await manifestStage(workspace, screen);

  await using simulator = await screen.stage(
    'simulate',
    () => workspace.simulator.start({ messageAckTimeoutSecs: ACK_TIMEOUT_SECS }),
    ({ info }) => `IoT Hub ${info.hubHostName}:${info.httpsPort} on this machine`,
  );
  signal.throwIfAborted();
  await screen.stage(
    'deploy',
    async () => {
      await workspace.edge.createDevice(DEVICE);
      await workspace.edge.apply({ deviceId: DEVICE, manifest });
    },
    () => `edge device ${DEVICE} has its configuration, pushed with azure-iothub`,
  );
  await screen.stage(
    'start',
    () => simulator.waitForModule({ deviceId: DEVICE, moduleId: SCORER, timeoutMs: START_DEADLINE_MS, signal }),
    () => `the edge agent unpacked ${IMAGE} and started the scorer`,
  );
  const scored = await screen.stage(
    'score',
    () => sendAndCollect({ simulator, deviceId: DEVICE, scorer: SCORER, patients: table.test, killScorer, signal }),
    ({ scores }) => `${scores.size} of ${table.test.length} scores came back through edgeHub`,
  );
  return makeReport({ table, model, image, scored, totalMs: performance.now() - startedAt });
}

async function trainStage(
  workspace: Workspace,
  screen: DemoScreen,
): Promise<{ table: DiabetesTable; model: LinearModel; modelPath: string }> {
  const modelPath = path.join(workspace.folders.root, 'diabetes.onnx');
  const train = async () => {
    const table = await readDiabetesTable();
    const model = fitRidge(table.train, ALPHA);
    await mkdir(path.dirname(modelPath), { recursive: true });
    await writeFile(modelPath, ridgeToOnnx(model));
    return { table, model, modelPath };
  };
  return await screen.stage('train', train, ({ table, model }) => {
    const predictions = table.test.map((patient) => predict(model, patient.features));
    const quality = rSquared(
      table.test.map((patient) => patient.target),
      predictions,
    );
    return `ridge regression on ${table.train.length} patients, R² ${quality.toFixed(4)} on ${table.test.length} others`;
  });
}

async function registerStage(workspace: Workspace, screen: DemoScreen, modelPath: string): Promise<void> {
  const register = () =>
    workspace.models.register({
      name: 'diabetes',
      path: modelPath,
      description: 'Ridge regression, alpha 0.4',
      tags: { area: 'health' },
    });
  await screen.stage('register', register, (model) => `${model.id}, ${model.sizeBytes} bytes`);
}

async function packageStage(workspace: Workspace, screen: DemoScreen, signal: AbortSignal): Promise<ImageSummary> {
  const build = () =>
    workspace.images.build({
      models: ['diabetes:1'],
      inferenceConfig: path.join(exampleFolder, 'inferenceconfig.json'),
      tag: IMAGE,
      signal,
    });
  return await screen.stage('package', build, (image) => {
    const names = image.platforms.map(({ platform }) => platform).join(', ');
    return `${image.reference} for ${names}, ${image.digest.slice(0, 19)}`;
  });
}

async function manifestStage(workspace: Workspace, screen: DemoScreen): Promise<BuiltManifest> {
  const build = async () => {
    const built = await workspace.manifests.build({
      template,
      platform: thisProcess().platform ?? 'amd64',
      images: { [SCORER]: IMAGE },
    });
    const file = path.join(workspace.folders.root, built.outputName);
    await writeFile(file, `${JSON.stringify(built.manifest, null, 2)}\n`);
    await workspace.manifests.requireValid(built.manifest);
    return built;
  };
  return await screen.stage(
    'manifest',
    build,
    ({ outputName }) => `${outputName}: sensor → scorer → $upstream, no errors`,
  );
}
