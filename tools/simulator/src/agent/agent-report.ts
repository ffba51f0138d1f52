import { arch, release } from 'node:os';
import type { JsonObject } from '../hub/twin.ts';
import type { Deployment, DeploymentStatus, ModuleSpec } from './module-spec.ts';
import type { ModuleState } from './module-state.ts';

/** How a time that never came is written. */
const NEVER = '0001-01-01T00:00:00Z';
const VERSION = { version: '1.6', build: 'edgewright', commit: '' };

/** Everything that `$edgeAgent` reports on. */
export interface AgentSituation {
  readonly lastDesiredVersion: number;
  readonly lastDesiredStatus: DeploymentStatus;
  /** The deployment that is in force; undefined when there is none. */
  readonly deployment: Extract<Deployment, { ok: true }> | undefined;
  readonly modules: readonly {
    readonly spec: ModuleSpec;
    readonly state: ModuleState;
    readonly imageDigest: string | undefined;
  }[];
  /** ISO 8601: since when agent and edgeHub run. */
  readonly startedAt: string;
}

/** The reported properties of `$edgeAgent`, whole. */
export function agentReport(situation: AgentSituation): JsonObject {
  const { deployment, modules, startedAt } = situation;
  return {
    schemaVersion: '1.0',
    version: VERSION,
    lastDesiredVersion: situation.lastDesiredVersion,
    lastDesiredStatus: { ...situation.lastDesiredStatus },
    ...(deployment !== undefined && {
      runtime: {
        type: 'docker',
        settings: withoutSecrets(deployment.desired.runtime.settings ?? {}),
        platform: { os: 'linux', architecture: arch(), version: release() },
      },
      systemModules: Object.fromEntries(
        Object.entries(deployment.desired.systemModules).map(([name, module]) => [
          name,
          { ...module, runtimeStatus: 'running', exitCode: 0, restartCount: 0, lastStartTimeUtc: startedAt },
        ]),
      ),
    }),
    modules: Object.fromEntries(modules.map((module) => [module.spec.name, moduleReport(module)])),
  };
}

function moduleReport({ spec, state, imageDigest }: AgentSituation['modules'][number]): JsonObject {
  return {
    type: 'docker',
    version: spec.version,
    status: spec.status,
    restartPolicy: spec.restartPolicy,
    imagePullPolicy: spec.imagePullPolicy,
    startupOrder: spec.startupOrder,
    settings: { ...spec.settings, ...(imageDigest !== undefined && { imageHash: imageDigest }) },
    env: Object.fromEntries(Object.entries(spec.env).map(([name, value]) => [name, { value }])),
    runtimeStatus: state.status,
    statusDescription: shortened(state.description),
    exitCode: state.exitCode,
    restartCount: state.restartCount,
    lastStartTimeUtc: state.lastStartTime ?? NEVER,
    lastExitTimeUtc: state.lastExitTime ?? NEVER,
    lastRestartTimeUtc: state.lastRestartTime ?? NEVER,
  };
}

/** Passwords of registries are not reported back. */
function withoutSecrets(settings: JsonObject): JsonObject {
  const { registryCredentials: _, ...shown } = settings;
  return shown;
}

/** Reported properties are limited to 32 KB in all. */
function shortened(text: string): string {
  return text.length <= 512 ? text : `${text.slice(0, 511)}…`;
}
