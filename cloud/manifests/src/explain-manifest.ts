import { joinCreateOptions } from './create-options.ts';
import { childRecord, recordOf } from './json-record.ts';
import type { JsonRecord } from './json-record.ts';
import { readSubject } from './lint/lint-subject.ts';
import type { LintModule, LintRoute, LintTwin } from './lint/lint-subject.ts';
import { scopeOfSource } from './route-source.ts';

/** What a device makes of one module. */
export interface ExplainedModule {
  readonly name: string;
  readonly system: boolean;
  readonly image: string;
  /** Sentences: when it starts, how it is restarted, what of the device it gets. */
  readonly says: readonly string[];
}

/** What edgeHub makes of one route. */
export interface ExplainedRoute {
  readonly name: string;
  readonly says: string;
}

/** A manifest or layer in words. */
export interface ManifestExplanation {
  readonly kind: 'manifest' | 'layer';
  readonly modules: readonly ExplainedModule[];
  readonly routes: readonly ExplainedRoute[];
  /** Desired properties by module, with their size; IoT Hub takes 32,768 bytes of each. */
  readonly twins: readonly { readonly module: string; readonly members: readonly string[]; readonly bytes: number }[];
}

/** edgeAgent's defaults (edge-runtime, CreateOrUpdateCommand and IModule). */
const DEFAULT_POLICY = 'on-unhealthy';
const LAST_ORDER = 4_294_967_295;

/** Says in words what a manifest or layer makes a device do. Mistakes in it are lint's business. */
export function explainManifest(manifest: unknown): ManifestExplanation {
  const subject = readSubject(manifest, { source: 'the manifest' });
  return {
    kind: subject.layered ? 'layer' : 'manifest',
    modules: subject.modules.map(explainModule),
    routes: subject.routes.map(explainRoute),
    twins: subject.twins.filter(({ module }) => !module.startsWith('$')).map(explainTwin),
  };
}

function explainModule({ name, system, record }: LintModule): ExplainedModule {
  const settings = childRecord(record, 'settings') ?? {};
  const options = optionsOf(settings);
  const host = childRecord(options, 'HostConfig') ?? {};
  const env = Object.keys(childRecord(record, 'env') ?? {});
  const order = record['startupOrder'];
  const policy = typeof record['restartPolicy'] === 'string' ? record['restartPolicy'] : DEFAULT_POLICY;
  const bindings = Object.entries(childRecord(host, 'PortBindings') ?? {});
  return {
    name,
    system,
    image: typeof settings['image'] === 'string' ? settings['image'] : '',
    says: [
      ...(name === 'edgeAgent' && system
        ? ['is started by IoT Edge itself, and starts the others']
        : [record['status'] === 'stopped' ? 'is made, and not started' : startText(order), `is restarted: ${policy}`]),
      ...(record['imagePullPolicy'] === 'never' ? ['is never pulled: the image must be on the device'] : []),
      ...(env.length === 0 ? [] : [`gets the variables ${env.join(', ')}`]),
      ...bindings.map(([port, list]) => `answers on ${hostPorts(list)} of the device with its port ${port}`),
      ...listOf(host['Binds']).map((bind) => `sees a folder of the device: ${String(bind)}`),
      ...listOf(host['Mounts']).map((mount) => mountText(recordOf(mount) ?? {})),
      ...listOf(host['Devices']).map((device) => `uses the device ${String(recordOf(device)?.['PathOnHost'])}`),
      ...(host['DeviceRequests'] === undefined && host['Runtime'] !== 'nvidia' ? [] : ['uses GPUs']),
      ...(typeof host['Memory'] === 'number'
        ? [`has at most ${Math.round(host['Memory'] / 2 ** 20)} MiB of memory`]
        : []),
      ...(host['Privileged'] === true ? ['may do everything on the device (Privileged)'] : []),
    ],
  };
}

function startText(order: unknown): string {
  return typeof order === 'number' && order !== LAST_ORDER
    ? `starts in place ${order}`
    : 'starts last, with all that have no place';
}

function hostPorts(list: unknown): string {
  return listOf(list)
    .map((binding) => {
      const { HostIp: address, HostPort: port } = recordOf(binding) ?? {};
      return `${typeof address === 'string' && address !== '' ? `${address}:` : 'port '}${String(port)}`;
    })
    .join(' and ');
}

function mountText({ Type: type, Source: source, Target: target }: JsonRecord): string {
  return type === 'volume'
    ? `keeps ${String(target)} in the volume ${String(source)}`
    : `sees ${String(source)} of the device at ${String(target)}`;
}

function explainRoute({ name, compiled, fault, priority, timeToLiveSecs }: LintRoute): ExplainedRoute {
  if (compiled === undefined) return { name, says: `does not compile: ${fault?.message ?? 'it is no text'}` };
  const scope = scopeOfSource(compiled);
  const sources = {
    everything: 'messages of everybody',
    twinChanges: 'changes of twins',
    nothing: `nothing (${compiled.source})`,
    module: '',
  };
  const from =
    scope.kind === 'module'
      ? `messages that ${scope.module} sends${scope.output === undefined ? '' : ` to its output ${scope.output}`}`
      : sources[scope.kind];
  const { sink } = compiled;
  const to = sink.kind === 'upstream' ? 'IoT Hub' : `the input ${sink.input} of ${sink.module}`;
  const when = compiled.condition === undefined ? '' : ` where ${compiled.condition}`;
  const rank = priority === undefined ? '' : `, with priority ${priority}`;
  const life = timeToLiveSecs === undefined || timeToLiveSecs === 0 ? '' : `, kept for ${timeToLiveSecs} s at most`;
  return { name, says: `takes ${from}${when} to ${to}${rank}${life}` };
}

function explainTwin({ module, at, desired }: LintTwin): ManifestExplanation['twins'][number] {
  const node = String(at.at(-1)).replace(/^properties\.desired\.?/, '');
  const members = Object.keys(desired).map((member) => (node === '' ? member : `${node}.${member}`));
  return { module, members, bytes: Buffer.byteLength(JSON.stringify(desired)) };
}

function optionsOf(settings: JsonRecord): JsonRecord {
  try {
    return recordOf(JSON.parse(joinCreateOptions(settings)?.text ?? '{}')) ?? {};
  } catch {
    return {};
  }
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
