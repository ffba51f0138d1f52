import type { WorkloadModule } from '../workload/workload-module.ts';
import type { EdgeAgent } from './edge-agent.ts';
import type { ModuleSpec } from './module-spec.ts';
import type { ModuleState } from './module-state.ts';

/** The modules that an agent runs, as the workload API lists them. */
export function workloadModules(agent: EdgeAgent): WorkloadModule[] {
  const states = new Map(agent.states().map((state) => [state.name, state]));
  return agent.specs().flatMap((spec) => {
    const state = states.get(spec.name);
    return state === undefined ? [] : [workloadModule(spec, state)];
  });
}

function workloadModule(spec: ModuleSpec, state: ModuleState): WorkloadModule {
  return {
    id: spec.name,
    name: spec.name,
    type: 'docker',
    config: {
      settings: spec.settings,
      env: Object.entries(spec.env).map(([key, value]) => ({ key, value })),
    },
    status: {
      ...(state.lastStartTime !== undefined && { startTime: state.lastStartTime }),
      ...(state.lastExitTime !== undefined && {
        exitStatus: { exitTime: state.lastExitTime, statusCode: String(state.exitCode) },
      }),
      runtimeStatus: { status: state.status, description: state.description },
    },
  };
}
