import Type from 'typebox';
import type { Static } from 'typebox';
import { checkDocument, EdgeAgentDesiredSchema, isEdgewrightError, messageOf, parseJson } from '@edgewright/contract';
import type { EdgeAgentDesired, EdgeModule } from '@edgewright/contract';
import type { JsonObject } from '../hub/twin.ts';

export type RestartPolicy = 'never' | 'on-failure' | 'on-unhealthy' | 'always';

const TextsSchema = Type.Array(Type.String());

/** What Docker's `POST /containers/create` takes, as far as the agent looks at it itself. */
const CreateOptionsSchema = Type.Object({
  Entrypoint: Type.Optional(Type.Union([TextsSchema, Type.String(), Type.Null()])),
  Cmd: Type.Optional(Type.Union([TextsSchema, Type.Null()])),
  Env: Type.Optional(Type.Union([TextsSchema, Type.Null()])),
  WorkingDir: Type.Optional(Type.String()),
  Labels: Type.Optional(Type.Record(Type.String(), Type.String())),
  HostConfig: Type.Optional(
    Type.Object({
      NetworkMode: Type.Optional(Type.String()),
      Binds: Type.Optional(Type.Union([TextsSchema, Type.Null()])),
      PortBindings: Type.Optional(
        Type.Record(
          Type.String(),
          Type.Union([Type.Array(Type.Object({ HostPort: Type.Optional(Type.String()) })), Type.Null()]),
        ),
      ),
    }),
  ),
});

export type CreateOptions = Static<typeof CreateOptionsSchema>;

/** A module as the deployment wants it. */
export interface ModuleSpec {
  readonly name: string;
  readonly image: string;
  readonly version: string;
  readonly status: 'running' | 'stopped';
  readonly restartPolicy: RestartPolicy;
  readonly startupOrder: number;
  readonly env: Readonly<Record<string, string>>;
  readonly createOptions: CreateOptions;
  /** As the manifest has it, for the report. */
  readonly settings: JsonObject;
  readonly imagePullPolicy: string;
  /** For the registry of its image, when the deployment has some. */
  readonly credentials?: RegistryCredentials;
}

export interface RegistryCredentials {
  readonly address: string;
  readonly username: string;
  readonly password: string;
}

/** What the agent reports of a configuration it got (AG/…Core/DeploymentStatusCode.cs). */
export interface DeploymentStatus {
  readonly code: 200 | 400 | 406 | 412 | 417 | 500;
  readonly description: string;
}

export type Deployment =
  | { readonly ok: true; readonly desired: EdgeAgentDesired; readonly modules: readonly ModuleSpec[] }
  | { readonly ok: false; readonly status: DeploymentStatus };

const LAST = 4_294_967_295;
const MAX_CHUNKS = 100;

/** Reads the desired properties of `$edgeAgent`. */
export function readDeployment(desired: JsonObject): Deployment {
  if (Object.keys(desired).length === 0) return refused(417, 'the desired configuration is empty');
  const version = desired['schemaVersion'];
  if (typeof version !== 'string') return refused(400, 'the desired configuration has no schemaVersion');
  if (!/^1\.[01](\.\d+)?$/.test(version)) {
    return refused(412, `the schema version "${version}" is not known; 1.0 and 1.1 are`);
  }
  try {
    const checked = checkDocument(EdgeAgentDesiredSchema, desired, 'the desired configuration of edgeAgent');
    const modules = Object.entries(checked.modules).map(([name, module]) => {
      const spec = moduleSpec(name, module);
      const credentials = credentialsFor(spec.image, checked.runtime.settings?.registryCredentials ?? {});
      return credentials === undefined ? spec : { ...spec, credentials };
    });
    return { ok: true, desired: checked, modules };
  } catch (error) {
    return refused(isEdgewrightError(error) && error.fault === 'user' ? 400 : 500, messageOf(error));
  }
}

/** Those of the registry that the image's name begins with. */
function credentialsFor(
  image: string,
  known: Readonly<Record<string, RegistryCredentials>>,
): RegistryCredentials | undefined {
  const plain = (address: string) => address.replace(/^https?:\/\//, '').replace(/\/$/, '');
  return Object.values(known).find(({ address }) => image.startsWith(`${plain(address)}/`));
}

/** The `env` of a module of a deployment, as texts. */
export function environmentOf(env: EdgeModule['env']): Record<string, string> {
  return Object.fromEntries(Object.entries(env ?? {}).map(([key, { value }]) => [key, String(value)]));
}

function moduleSpec(name: string, module: EdgeModule): ModuleSpec {
  return {
    name,
    image: module.settings.image,
    version: module.version ?? '',
    status: module.status ?? 'running',
    restartPolicy: module.restartPolicy ?? 'on-unhealthy',
    startupOrder: module.startupOrder ?? LAST,
    env: environmentOf(module.env),
    createOptions: readCreateOptions(name, module.settings),
    settings: module.settings,
    imagePullPolicy: module.imagePullPolicy ?? 'on-create',
  };
}

/** The text of `createOptions`, `createOptions01` … put together, as edgeAgent does, is JSON. */
function readCreateOptions(name: string, settings: Readonly<Record<string, unknown>>): CreateOptions {
  const chunks = Object.entries(settings)
    .filter(([key]) => /^createOptions\d*$/i.test(key))
    .toSorted(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
    .slice(0, MAX_CHUNKS)
    .map(([, chunk]) => (typeof chunk === 'string' ? chunk : JSON.stringify(chunk)));
  const text = chunks.join('');
  if (text.trim() === '') return {};
  const source = `the createOptions of module "${name}"`;
  return checkDocument(CreateOptionsSchema, parseJson(text, source), source);
}

function refused(code: DeploymentStatus['code'], description: string): Deployment {
  return { ok: false, status: { code, description } };
}
