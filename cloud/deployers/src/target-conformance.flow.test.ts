import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundleScorer } from '@edgewright/packager';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import type { TestContext } from 'vitest';
import { ArmServer } from '../../../test/support/arm-server.ts';
import { temporaryFolder } from '../../../test/support/engine-fixture.ts';
import { freePort } from '../../../test/support/free-port.ts';
import { KubeApiServer } from '../../../test/support/kube-api-server.ts';
import { need } from '../../../test/support/need.ts';
import { makeScorerImage } from '../../../test/support/scorer-image.ts';
import { createAppRoot } from '../../../test/support/scorer-process.ts';
import { itConforms } from '../../../test/support/target-conformance.ts';
import type { ArtifactKind, TargetUnderTest } from '../../../test/support/target-conformance.ts';
import { affineOnnx } from '../../../test/support/tiny-models.ts';
import { AciTarget } from './aci/aci-target.ts';
import { AksTarget } from './aks/aks-target.ts';
import { selectorOf } from './aks/kubernetes-objects.ts';
import { completeDeploymentConfig } from './config/complete-deployment-config.ts';
import { makeCredentials } from './credentials/service-credentials.ts';
import { LocalTarget } from './local/local-target.ts';
import type { ServiceSpec } from './service-spec.ts';

const keys = { primaryKey: 'primary-key-0123456789', secondaryKey: 'secondary-key-0123456789' };
const scripts: Readonly<Record<ArtifactKind, string>> = {
  first: `export function run() { return { from: 'first' }; }`,
  second: `export function run() { return { from: 'second' }; }`,
  failing: `export function init() { throw new Error('no licence'); }\nexport function run() {}`,
};
/** What a scorer whose init() fails writes last. */
const fatal = `{"level":"fatal","err":{"code":"EntryScriptNotLoadable","message":"init() failed: no licence"},"msg":"the scorer ends"}\n`;

/** A spec for each revision, whatever the target. */
function specs(config: Record<string, unknown>, artifactOf: (kind: ArtifactKind) => Promise<string>, port?: number) {
  return async (revision: number, kind: ArtifactKind): Promise<ServiceSpec> => {
    const settings = completeDeploymentConfig({ authEnabled: true, ...config }, 'test');
    const credentials = await makeCredentials(settings, { keys });
    const place = port === undefined ? {} : { port };
    return { name: 'tiny-service', revision, settings, models: ['model:1'], artifact: await artifactOf(kind), credentials, ...place };
  };
} // prettier-ignore

async function localTarget(): Promise<LocalTarget> {
  const directory = path.join(await temporaryFolder(), 'services');
  await mkdir(directory);
  const environment = { PATH: process.env['PATH'] ?? '' };
  const engineEnvironment = { DOCKER_HOST: process.env['DOCKER_HOST'] ?? '' };
  const { DOCKER_HOST } = engineEnvironment;
  return new LocalTarget({
    directory,
    nodePath: process.execPath,
    environment,
    ...(DOCKER_HOST === '' ? {} : { engineEnvironment }),
  });
}

describe('local, as a process', () => {
  let scorer = '';
  beforeAll(async () => {
    // inside the repository, from where the runtimes that stay outside of the bundle are found
    scorer = path.resolve('node_modules/.cache/edgewright', `scorer-${process.pid}`);
    await bundleScorer(scorer);
  });
  afterAll(() => rm(scorer, { recursive: true, force: true }));

  itConforms(async (): Promise<TargetUnderTest> => {
    const target = await localTarget();
    const appOf = async (kind: ArtifactKind): Promise<string> => {
      const root = await createAppRoot(affineOnnx(), scripts[kind]);
      onTestFinished(() => root[Symbol.asyncDispose]());
      await symlink(scorer, path.join(root.directory, 'scorer'));
      return root.directory;
    };
    return endingWith({ target, spec: specs({ computeType: 'local' }, appOf, await freePort()) });
  });
});

describe('local, as a container', () => {
  itConforms(async (context: TestContext): Promise<TargetUnderTest> => {
    const { socketPath } = await need(context, 'docker');
    const { executable: mmdebstrap } = await need(context, 'mmdebstrap');
    const target = await localTarget();
    const imageOf = async (kind: ArtifactKind): Promise<string> => {
      const tag = `edgewright-test/conformance:${kind}`;
      const entryScript = scripts[kind];
      const image = await makeScorerImage({ socketPath, mmdebstrap, model: affineOnnx(), entryScript, tag });
      onTestFinished(() => image[Symbol.asyncDispose]());
      return tag;
    };
    const config = {
      computeType: 'local',
      container: true,
      containerResourceRequirements: { cpu: 2, memoryInGB: 1 },
    };
    return endingWith({ target, spec: specs(config, imageOf, await freePort()) });
  });
});

/** A test that fails must not leave a service behind. */
function endingWith(subject: TargetUnderTest): TargetUnderTest {
  onTestFinished(async () => subject.target.remove(await subject.spec(9, 'first')));
  return subject;
}

describe('ACI', () => {
  itConforms(async (): Promise<TargetUnderTest> => {
    const arm = await ArmServer.start();
    onTestFinished(() => arm[Symbol.asyncDispose]());
    const { credential, place } = ArmServer;
    const isReady = (): Promise<boolean> => Promise.resolve(true);
    const { endpoint, ca } = arm;
    const target = new AciTarget({ ...place, credential, endpoint, ca, pollMs: 20, isReady });
    const settle = ({ name }: ServiceSpec, kind: ArtifactKind): void => {
      arm.logs.set(name, kind === 'failing' ? fatal : 'one\ntwo\n');
      const ended = { state: 'Terminated', exitCode: 2, detailStatus: 'Error' };
      arm.become(name, 'Succeeded', { currentState: kind === 'failing' ? ended : { state: 'Running' } });
    };
    return { target, settle, hasGap: true, spec: specs({ computeType: 'ACI' }, () => Promise.resolve('reg.azurecr.io/tiny:1')) };
  }); // prettier-ignore
});

describe('AKS', () => {
  itConforms(async (): Promise<TargetUnderTest> => {
    const cluster = await KubeApiServer.start();
    onTestFinished(() => cluster[Symbol.asyncDispose]());
    const kubeconfig = path.join(await temporaryFolder(), 'config');
    await writeFile(kubeconfig, cluster.kubeconfig);
    const settle = (spec: ServiceSpec, kind: ArtifactKind): void => {
      const name = `pod-${spec.revision}`;
      cluster.podLogs.set(name, 'one\ntwo\n').set(`${name} previous`, fatal);
      cluster.pods.push(podOf(spec, name, kind === 'failing'));
      if (kind === 'failing') return;
      cluster.pods = [podOf(spec, name, false)];
      const deployment = cluster.find('Deployment', spec.name);
      const count = { replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1 };
      if (deployment !== undefined)
        deployment.status = { observedGeneration: deployment.metadata.generation, ...count };
      const service = cluster.find('Service', spec.name);
      if (service !== undefined) service.status = { loadBalancer: { ingress: [{ ip: '192.0.2.7' }] } };
    };
    const config = { computeType: 'aks', numReplicas: 1 };
    const artifact = (kind: ArtifactKind): Promise<string> => Promise.resolve(`registry.example/tiny:${kind}`);
    return { target: new AksTarget({ kubeconfig }, 20), settle, spec: specs(config, artifact) };
  });
});

function podOf(spec: ServiceSpec, name: string, isCrashing: boolean) {
  const annotations = { 'edgewright.dev/revision': String(spec.revision) };
  const waiting = { reason: 'CrashLoopBackOff', message: 'back-off' };
  const state = isCrashing
    ? { state: { waiting }, lastState: { terminated: { exitCode: 2, reason: 'Error' } } }
    : { state: { running: {} } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: selectorOf(spec), annotations },
    status: {
      conditions: [{ type: 'Ready', status: isCrashing ? 'False' : 'True' }],
      containerStatuses: [{ name: 'scorer', ready: !isCrashing, restartCount: isCrashing ? 1 : 0, ...state }],
    },
  };
}
