import type { EventSink } from '@edgewright/contract';
import type { EdgeDevices } from '../edge-devices.ts';
import { applyContent } from '../hub/apply-content.ts';
import { parseConfigurationContent } from '../hub/configuration-content.ts';
import type { Hub } from '../hub/hub.ts';
import type { Lifetime } from '../lifetime.ts';
import { SimulatorError } from '../simulator-error.ts';
import type { DevelopmentInfo, DevelopmentOptions } from './development-options.ts';
import { readSetup } from './device-setup.ts';
import { startInputService } from './input-service.ts';

/** The module that posted messages come from, and the one that they are for. */
const INPUT = 'input';
const TARGET = 'target';
const DEFAULT_INPUT_PORT = 53_000;
const INPUT_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

export interface StartDevelopmentParts {
  readonly stateDirectory: string;
  readonly hub: Hub;
  readonly edgeDevices: EdgeDevices;
  readonly lifetime: Lifetime;
  /** The address to listen on. */
  readonly host: string;
  /** PEM. */
  readonly ca: string;
  readonly emit: EventSink;
}

/**
 * Makes the edge device that `sim setup` named, if it is not there, and gives it its deployment or its module under test.
 *
 * @throws SimulatorError `SimulatorRequestInvalid`, `SimulatorPortInUse`
 */
export async function startDevelopment(
  options: DevelopmentOptions,
  parts: StartDevelopmentParts,
): Promise<DevelopmentInfo> {
  const { hub, edgeDevices, stateDirectory } = parts;
  const { deviceId, primaryKey } = readSetup(stateDirectory);
  const known = hub.identity(deviceId);
  if (known === undefined) hub.createDevice({ deviceId, edge: true, ...(primaryKey !== undefined && { primaryKey }) });
  else if (!known.edge) {
    throw new SimulatorError('SimulatorRequestInvalid', `"${deviceId}" is there, but it is not an edge device`, {
      details: { deviceId },
    });
  }
  await edgeDevices.started(deviceId);
  if (options.deployment !== undefined) {
    applyContent(hub, deviceId, parseConfigurationContent(options.deployment, 'the deployment manifest'));
  }
  if (options.inputs === undefined) return { deviceId };
  const inputUrl = await startInputs(options.inputs, options.inputPort ?? DEFAULT_INPUT_PORT, { ...parts, deviceId });
  return { deviceId, inputUrl };
}

async function startInputs(
  inputs: readonly string[],
  port: number,
  parts: StartDevelopmentParts & { readonly deviceId: string },
): Promise<string> {
  const { hub, edgeDevices, deviceId, lifetime, host, ca, emit } = parts;
  const bad = inputs.find((name) => !INPUT_NAME.test(name));
  if (inputs.length === 0 || bad !== undefined) {
    throw new SimulatorError(
      'SimulatorRequestInvalid',
      `"${bad ?? ''}" is no name of an input: expected a letter, then letters, digits, ".", "_" or "-"`,
      { details: { inputs: [...inputs] } },
    );
  }
  for (const moduleId of [INPUT, TARGET]) {
    if (hub.identity(deviceId, moduleId) === undefined) hub.createModule({ deviceId, moduleId });
  }
  const routes = {
    targetToIoTHub: `FROM /messages/modules/${TARGET}/outputs/* INTO $upstream`,
    ...Object.fromEntries(
      inputs.map((name, index) => [
        `inputToTarget${index}`,
        `FROM /messages/modules/${INPUT}/outputs/${name} INTO BrokeredEndpoint("/modules/${TARGET}/inputs/${name}")`,
      ]),
    ),
  };
  hub.replaceTwin(
    { deviceId, moduleId: '$edgeHub' },
    { desired: { schemaVersion: '1.1', routes, storeAndForwardConfiguration: { timeToLiveSecs: 7200 } } },
  );
  const device = await edgeDevices.started(deviceId);
  const { EdgeHubConnectionString: connectionString = '' } = device.moduleEnvironment(INPUT);
  const service = lifetime.use(await startInputService({ inputs, connectionString, ca, host, port, emit }));
  return service.url;
}
