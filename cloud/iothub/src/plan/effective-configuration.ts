import type { DeploymentContent } from '../hub-deployments.ts';
import { IotHubError } from '../iothub-error.ts';

type Members = Readonly<Record<string, unknown>>;

/** A deployment as the planner takes it. */
export interface PlannedDeployment {
  readonly id: string;
  readonly priority: number;
  /** ISO 8601. */
  readonly createdTime: string;
  readonly targetCondition: string;
  readonly content: DeploymentContent;
}

/** The desired properties of each module of a device, and which deployment each member comes from. */
export interface EffectiveConfiguration {
  /** Ids, the base first, then its layers in the order in which they are laid. */
  readonly deployments: readonly string[];
  readonly desired: ReadonlyMap<string, Members>;
  /** By `MODULE` and path, such as `$edgeAgent modules.scorer`: the id of the deployment that said it last. */
  readonly origins: ReadonlyMap<string, string>;
}

const PREFIX = 'properties.desired';

/** What a deployment says of one module: desired properties, or what lies under a path of them. */
interface Statement {
  readonly module: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

/** A deployment that has been taken apart; for edge devices only, others are `undefined`. */
export interface ReadDeployment extends PlannedDeployment {
  readonly isBase: boolean;
  readonly statements: readonly Statement[];
}

/**
 * Takes a deployment apart.
 *
 * @returns undefined for content that is not about edge devices (`deviceContent`, `moduleContent`)
 * @throws IotHubError `ContentInvalid`
 */
export function readDeployment(deployment: PlannedDeployment): ReadDeployment | undefined {
  const content = deployment.content['modulesContent'];
  if (content === undefined || content === null) return undefined;
  const statements: Statement[] = [];
  for (const [module, sections] of Object.entries(membersOf(content) ?? {})) {
    for (const [key, value] of Object.entries(membersOf(sections) ?? {})) {
      if (key !== PREFIX && !key.startsWith(`${PREFIX}.`)) {
        throw new IotHubError(
          'ContentInvalid',
          `cannot plan the deployment "${deployment.id}": ${module} has the key "${key}", and keys begin with ${PREFIX}`,
          { details: { deployment: deployment.id, module, key } },
        );
      }
      statements.push({ module, path: key === PREFIX ? [] : key.slice(PREFIX.length + 1).split('.'), value });
    }
  }
  // whole properties come before what is laid into them, wherever they stand in the file
  statements.sort((a, b) => a.path.length - b.path.length);
  const isBase = statements.some(({ module, path }) => module === '$edgeAgent' && path.length === 0);
  return { ...deployment, isBase, statements };
}

/** Weakest first: by priority; of the same priority, the newer is the stronger. */
export function byStrength(a: PlannedDeployment, b: PlannedDeployment): number {
  return (
    a.priority - b.priority ||
    Number(a.createdTime > b.createdTime) - Number(a.createdTime < b.createdTime) ||
    Number(a.id > b.id) - Number(a.id < b.id)
  );
}

/**
 * What deployments that target one device give it together: the strongest base, and over it, weakest first, the layers of
 * higher priority. Without a base there is nothing.
 *
 * @param sorted by {@link byStrength}
 */
export function effectiveConfiguration(sorted: readonly ReadDeployment[]): EffectiveConfiguration | undefined {
  const base = sorted.findLast(({ isBase }) => isBase);
  if (base === undefined) return undefined;
  const applied = [base, ...sorted.filter(({ isBase, priority }) => !isBase && priority > base.priority)];
  const desired = new Map<string, Members>();
  const origins = new Map<string, string>();
  for (const { id, statements } of applied) {
    for (const { module, path, value } of statements) {
      desired.set(module, laid(desired.get(module) ?? {}, path, value) as Members);
      noteOrigins(origins, { module, path, value }, id);
    }
  }
  return { deployments: applied.map(({ id }) => id), desired, origins };
}

function laid(below: unknown, path: readonly string[], value: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const members = membersOf(below) ?? {};
  return { ...members, [name]: laid(Object.hasOwn(members, name) ? members[name] : undefined, rest, value) };
}

/** Modules and routes by name, and everything else by its path. */
function noteOrigins(origins: Map<string, string>, { module, path, value }: Statement, id: string): void {
  if (path.length === 0) {
    for (const key of origins.keys()) if (key.startsWith(`${module} `)) origins.delete(key);
  }
  const parts = path.length === 0 ? Object.entries(membersOf(value) ?? {}) : [];
  if (parts.length === 0) origins.set(`${module} ${path.join('.')}`, id);
  for (const [name, member] of parts) {
    const inner = ['modules', 'systemModules', 'routes'].includes(name) ? Object.keys(membersOf(member) ?? {}) : [];
    if (inner.length === 0) origins.set(`${module} ${name}`, id);
    for (const each of inner) origins.set(`${module} ${name}.${each}`, id);
  }
}

/** The value as an object; arrays are none. */
export function membersOf(value: unknown): Members | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : undefined;
}
