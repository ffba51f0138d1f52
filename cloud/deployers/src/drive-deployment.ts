import { setTimeout as sleep } from 'node:timers/promises';
import type { EventSink } from '@edgewright/contract';
import { DeployersError } from './deployers-error.ts';
import type { ServiceSpec } from './service-spec.ts';
import type { Observation, Target } from './target.ts';

export interface DriveOptions {
  readonly target: Target;
  readonly spec: ServiceSpec;
  /** What to go back to when the new state is not reached. */
  readonly former?: ServiceSpec;
  readonly events: EventSink;
  readonly signal?: AbortSignal;
}

/**
 * Plans, applies, waits until the service is healthy, and goes back to the former state when it fails.
 *
 * Events: `service.plan`, `service.apply`, `service.stage` (one for each new stage), `service.rollback`.
 *
 * @throws DeployersError `DeploymentFailed` with the stage, the likely cause and the end of the log; `DeploymentTimedOut`
 */
export async function driveDeployment(options: DriveOptions): Promise<Observation> {
  await applySpec(options);
  try {
    return await waitForDeployment(options);
  } catch (error) {
    if (options.former !== undefined && error instanceof DeployersError) await rollBack(options, options.former);
    throw error;
  }
}

/** Plans and applies, and does not wait. */
export async function applySpec({ target, spec, events }: DriveOptions): Promise<void> {
  const plan = await target.plan(spec);
  for (const { action, subject, reason } of plan.changes) {
    const why = reason === undefined ? '' : `: ${reason}`;
    events({ stage: 'service.plan', state: 'note', text: `${action} ${subject}${why}`, data: { action, subject } });
  }
  await target.apply(plan);
  events({ stage: 'service.apply', state: 'done', text: `${spec.name} is to be revision ${spec.revision}` });
}

/**
 * Waits until a revision serves. A failure is told at once, not when the time is over.
 *
 * @throws DeployersError `DeploymentFailed`, `DeploymentTimedOut`, `ServiceNotFound`
 */
export async function waitForDeployment({ target, spec, events, signal }: DriveOptions): Promise<Observation> {
  const deadline = performance.now() + target.patienceMs;
  let stage = '';
  for (;;) {
    const seen = await target.observe(spec);
    if (seen === undefined) {
      throw new DeployersError('ServiceNotFound', `the service ${spec.name} is gone while it was waited for`);
    }
    if (seen.failure?.revision === spec.revision) throw failed(spec, seen.failure);
    if (seen.state === 'Healthy' && seen.revision === spec.revision) {
      events({ stage: 'service.stage', state: 'done', text: `${spec.name} is Healthy`, data: { state: seen.state } });
      return seen;
    }
    if (seen.stage !== stage) {
      stage = seen.stage;
      events({
        stage: 'service.stage',
        state: 'note',
        text: `${spec.name}: ${stage}`,
        data: { state: seen.state, stage },
      });
    }
    if (performance.now() > deadline) throw timedOut(spec, seen, target.patienceMs);
    await sleep(target.pollMs, undefined, signal === undefined ? {} : { signal });
  }
}

async function rollBack(options: DriveOptions, former: ServiceSpec): Promise<void> {
  const { events, spec } = options;
  const text = `going back to revision ${former.revision} of ${spec.name}`;
  events({ stage: 'service.rollback', state: 'started', text });
  try {
    await applySpec({ ...options, spec: former });
    await waitForDeployment({ ...options, spec: former });
    events({ stage: 'service.rollback', state: 'done', text: `${spec.name} serves revision ${former.revision} again` });
  } catch {
    // the failure that led here is the one to report
    events({ stage: 'service.rollback', state: 'failed', text: `revision ${former.revision} does not come up either` });
  }
}

function failed(spec: ServiceSpec, failure: NonNullable<Observation['failure']>): DeployersError {
  const { stage, message, likelyCause, log } = failure;
  return new DeployersError(
    'DeploymentFailed',
    `the service ${spec.name} failed in the stage "${stage}": ${message}\n  likely cause: ${likelyCause}`,
    { details: { name: spec.name, revision: spec.revision, state: 'Failed', stage, likelyCause, log } },
  );
}

function timedOut(spec: ServiceSpec, seen: Observation, patienceMs: number): DeployersError {
  return new DeployersError(
    'DeploymentTimedOut',
    `the service ${spec.name} is not healthy after ${Math.round(patienceMs / 1000)} s; it is in the stage "${seen.stage}"`,
    { details: { name: spec.name, revision: spec.revision, state: seen.state, stage: seen.stage } },
  );
}
