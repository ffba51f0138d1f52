import { joinCreateOptions } from './create-options.ts';
import { childRecord, recordOf } from './json-record.ts';
import { ManifestsError } from './manifests-error.ts';
import type { TemplateModule } from './template-modules.ts';

/** Hardware that one switch asks for; docs/manifests.md says what each writes. */
export const accelerators = ['gpu', 'nvidia-runtime', 'fpga', 'ase-gpu', 'ase-fpga'] as const;

export type Accelerator = (typeof accelerators)[number];

/** What is said of a module beside its template. */
export interface ModuleSwitches {
  readonly accelerator?: Accelerator;
  /** Device files of the host, for `fpga`. */
  readonly devices?: readonly string[];
  /** The most memory of the container, in bytes. */
  readonly memoryBytes?: number;
  /** A folder in the container that outlives it, for the journal of the scorer. */
  readonly journal?: string;
  /** The port of Prometheus metrics. */
  readonly metricsPort?: number;
}

interface Options {
  readonly createOptions: Record<string, unknown>;
  readonly hostConfig: Record<string, unknown>;
  readonly env: Record<string, unknown>;
}

/** Azure Stack Edge keeps these for itself. */
const RESERVED_ON_STACK_EDGE = new Set(['35000', '35001']);
const WIRE_SERVER = 'WIRESERVER_ADDRESS=10.139.218.1';

/**
 * Puts hardware, memory limit, journal and metrics port into the createOptions and variables of a module. What stands there
 * stays, unless it contradicts.
 *
 * @throws ManifestsError `SwitchInvalid`
 */
export function applySwitches(module: TemplateModule, switches: ModuleSwitches): void {
  const createOptions = readOptions(module);
  const hostConfig = { ...childRecord(createOptions, 'HostConfig') };
  const env = { ...childRecord(module.record, 'env') };
  const options = { createOptions, hostConfig, env };
  if (switches.accelerator !== undefined) hardware[switches.accelerator](options, module, switches);
  if (switches.memoryBytes !== undefined) hostConfig['Memory'] = switches.memoryBytes;
  if (switches.journal !== undefined) addJournal(options, module, switches.journal);
  if (switches.metricsPort !== undefined) {
    createOptions['ExposedPorts'] = {
      ...childRecord(createOptions, 'ExposedPorts'),
      [`${switches.metricsPort}/tcp`]: {},
    };
    env['EDGEWRIGHT_METRICS_PORT'] = { value: String(switches.metricsPort) };
  }
  if (Object.keys(hostConfig).length > 0) createOptions['HostConfig'] = hostConfig;
  if (Object.keys(env).length > 0) module.record['env'] = env;
  for (const name of joinCreateOptions(module.settings)?.names ?? []) delete module.settings[name];
  module.settings['createOptions'] = createOptions;
}

const hardware: Readonly<
  Record<Accelerator, (options: Options, module: TemplateModule, switches: ModuleSwitches) => void>
> = {
  // the NVIDIA Container Toolkit; capabilities are an array of arrays
  gpu: ({ hostConfig }) => {
    hostConfig['DeviceRequests'] = [...listOf(hostConfig['DeviceRequests']), { Count: -1, Capabilities: [['gpu']] }];
  },
  // nvidia-docker2, as on Jetson
  'nvidia-runtime': ({ hostConfig, env }) => {
    hostConfig['Runtime'] = 'nvidia';
    env['NVIDIA_VISIBLE_DEVICES'] ??= { value: 'all' };
  },
  fpga: ({ hostConfig }, module, { devices = [] }) => {
    if (devices.length === 0) throw refuse(module, 'fpga needs the device files of the host, such as fpga:/dev/xdma0');
    const mapped = devices.map((path) => ({ PathOnHost: path, PathInContainer: path, CgroupPermissions: 'rwm' }));
    hostConfig['Devices'] = [...listOf(hostConfig['Devices']), ...mapped];
  },
  'ase-gpu': ({ createOptions, hostConfig, env }, module) => {
    refuseOffStackEdge(hostConfig, module);
    env['NVIDIA_VISIBLE_DEVICES'] ??= { value: '0' };
    createOptions['k8s-experimental'] = { strategy: 'Recreate', ...childRecord(createOptions, 'k8s-experimental') };
  },
  'ase-fpga': ({ createOptions, hostConfig }, module) => {
    refuseOffStackEdge(hostConfig, module);
    hostConfig['Privileged'] = true;
    hostConfig['PortBindings'] = {
      ...childRecord(hostConfig, 'PortBindings'),
      '50051/tcp': [{ HostPort: '50051' }],
    };
    createOptions['Env'] = [...listOf(createOptions['Env']).filter((line) => line !== WIRE_SERVER), WIRE_SERVER];
    createOptions['k8s-experimental'] = {
      ...childRecord(createOptions, 'k8s-experimental'),
      resources: { limits: { 'microsoft.com/fpga_catapult': 2 } },
    };
  },
};

function addJournal({ hostConfig, env }: Options, { name }: TemplateModule, target: string): void {
  const mount = { Type: 'volume', Source: `${name}-journal`, Target: target };
  hostConfig['Mounts'] = [...listOf(hostConfig['Mounts']), mount];
  env['EDGEWRIGHT_STATE_DIRECTORY'] = { value: target };
}

/** Kubernetes on Azure Stack Edge takes no folders of the host, and has two ports of its own. */
function refuseOffStackEdge(hostConfig: Record<string, unknown>, module: TemplateModule): void {
  if (listOf(hostConfig['Binds']).length > 0) {
    throw refuse(module, 'HostConfig.Binds do not work on Azure Stack Edge; name a share in HostConfig.Mounts');
  }
  const bindings = Object.values(childRecord(hostConfig, 'PortBindings') ?? {}).flatMap(listOf);
  const taken = bindings
    .map((binding) => String(recordOf(binding)?.['HostPort']))
    .find((port) => RESERVED_ON_STACK_EDGE.has(port));
  if (taken !== undefined) throw refuse(module, `Azure Stack Edge keeps the port ${taken} for itself`);
}

function readOptions(module: TemplateModule): Record<string, unknown> {
  const given = module.settings['createOptions'];
  if (recordOf(given) !== undefined) return { ...recordOf(given) };
  const text = joinCreateOptions(module.settings)?.text ?? '';
  try {
    const value = recordOf(JSON.parse(text.trim() === '' ? '{}' : text));
    if (value !== undefined) return { ...value };
  } catch {
    // told below, as is JSON that is no object
  }
  throw refuse(module, 'its createOptions are no JSON object, so nothing can be added to them');
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function refuse({ name }: TemplateModule, reason: string): ManifestsError {
  return new ManifestsError('SwitchInvalid', `cannot switch the module "${name}": ${reason}`, {
    details: { module: name },
  });
}
