import { fork } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { DeploymentManifest } from '@edgewright/contract';
import { connectHub } from '@edgewright/iothub';
import { connectSimulator } from '@edgewright/simulator';
import { clientNames, RECEIVER } from './broker.ts';
import type { Broker, Credentials } from './broker.ts';

const DEVICE = 'bench-device';
const program = fileURLToPath(new URL('./serve-simulator.ts', import.meta.url));

/** The simulator in a process of its own, with one edge device and a route each to a module and upstream. */
export async function openSimulator(): Promise<Broker> {
  await using opened = new AsyncDisposableStack();
  const stateDirectory = await mkdtemp(path.join(os.tmpdir(), 'edgewright-bench-simulator-'));
  opened.defer(() => rm(stateDirectory, { recursive: true, force: true }));
  const child = fork(program, [stateDirectory], { execArgv: process.execArgv });
  opened.defer(async () => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  });
  await once(child, 'message');
  const simulator = await connectSimulator(stateDirectory);
  const { gateway = '' } = await simulator.createDevice({ deviceId: DEVICE, edge: true });
  const { connectionString, httpsPort, caFile, hubHostName } = simulator.info;
  await using hub = connectHub({ connectionString, port: httpsPort, caFile });
  await hub.applyManifest(DEVICE, manifest());
  const keys = new Map<string, string>();
  for (const name of [...clientNames, RECEIVER]) {
    const { connectionString: own } = await simulator.moduleCredentials(DEVICE, name);
    keys.set(name, /SharedAccessKey=([^;]+)/.exec(own)?.[1] ?? '');
  }
  const ca = await readFile(caFile, 'utf8');
  const closing = opened.move();
  return {
    port: Number(gateway.split(':')[1]),
    ca,
    processId: child.pid ?? 0,
    inputFilter: `devices/${DEVICE}/modules/${RECEIVER}/inputs/#`,
    credentials: async (name) => credentials(hubHostName, name, keys.get(name) ?? ''),
    publishTopic: (name, target) => `devices/${DEVICE}/modules/${name}/messages/events/%24.on=${target}/`,
    upstream: async (count) => {
      const wanted = (await simulator.lastSequenceNumber()) + count;
      const arrived = async (): Promise<void> => {
        while ((await simulator.lastSequenceNumber()) < wanted) await pause(10);
      };
      return { done: arrived() };
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

function credentials(hubHostName: string, name: string, key: string): Credentials {
  const audience = encodeURIComponent(`${hubHostName}/devices/${DEVICE}/modules/${name}`);
  const expiry = Math.floor(Date.now() / 1000) + 86_400;
  const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(`${audience}\n${expiry}`).digest('base64');
  return {
    clientId: `${DEVICE}/${name}`,
    username: `${hubHostName}/${DEVICE}/${name}/?api-version=2021-04-12`,
    password: `SharedAccessSignature sr=${audience}&sig=${encodeURIComponent(signature)}&se=${expiry}`,
  };
}

function manifest(): DeploymentManifest {
  const system = (image: string) => ({ type: 'docker' as const, settings: { image, createOptions: '{}' } });
  // edgeHub's own limit of 100 would leave out the receiver
  const env = { MaxConnectedClients: { value: '200' } };
  return {
    modulesContent: {
      $edgeAgent: {
        'properties.desired': {
          schemaVersion: '1.1',
          runtime: { type: 'docker', settings: { minDockerVersion: 'v1.25' } },
          systemModules: {
            edgeAgent: system('azureiotedge-agent:1.5'),
            edgeHub: { ...system('azureiotedge-hub:1.5'), status: 'running', restartPolicy: 'always', env },
          },
          modules: {},
        },
      },
      $edgeHub: {
        'properties.desired': {
          schemaVersion: '1.1',
          routes: {
            module: `FROM /messages/* WHERE $outputName = "module" INTO BrokeredEndpoint("/modules/${RECEIVER}/inputs/in")`,
            up: 'FROM /messages/* WHERE $outputName = "upstream" INTO $upstream',
          },
          storeAndForwardConfiguration: { timeToLiveSecs: 7200 },
        },
      },
    },
  };
}
