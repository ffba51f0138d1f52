import type { Backend as BackendChoice } from '@edgewright/contract';
import { EngineError } from '../engine-error.ts';
import type { EngineModel } from '../engine-options.ts';
import type { Backend } from './backend.ts';

/** A backend and why it was taken, in a sentence. */
export interface ChosenBackend {
  readonly backend: Backend;
  readonly reason: string;
}

interface Verdict {
  readonly backend: Backend;
  readonly usable: boolean;
  readonly reason: string;
}

/**
 * Chooses what runs the models. `auto` takes the first of `candidates` that reads their format and loads; a backend asked
 * for by name is taken or refused, never replaced by another.
 *
 * @throws EngineError `BackendUnavailable`, which says of every candidate why (not)
 */
export async function chooseBackend(
  wanted: BackendChoice,
  models: readonly EngineModel[],
  candidates: readonly Backend[],
): Promise<ChosenBackend> {
  const passedOver: Verdict[] = [];
  for (const backend of candidates) {
    if (wanted !== 'auto' && backend.name !== wanted) continue;
    const verdict = await judge(backend, models);
    if (verdict.usable) return { backend, reason: reasonFor(wanted, verdict, passedOver) };
    passedOver.push(verdict);
  }
  const others = candidates.filter((backend) => !passedOver.some((verdict) => verdict.backend === backend));
  const verdicts = [...passedOver, ...(await Promise.all(others.map((backend) => judge(backend, models))))];
  throw refusal(wanted, verdicts);
}

async function judge(backend: Backend, models: readonly EngineModel[]): Promise<Verdict> {
  const unreadable = models.find((model) => !backend.formats.includes(model.format));
  if (unreadable !== undefined) {
    return {
      backend,
      usable: false,
      reason: `${unreadable.name}:${unreadable.version} is not in a format that it reads (${backend.formats.join(', ')})`,
    };
  }
  const { available, reason } = await backend.probe();
  return { backend, usable: available, reason };
}

function reasonFor(wanted: BackendChoice, verdict: Verdict, passedOver: readonly Verdict[]): string {
  if (wanted !== 'auto') return `asked for by name; ${verdict.reason}`;
  const before = passedOver.map(({ backend, reason }) => `${backend.name} cannot: ${reason}`);
  return ['first choice that can run here', verdict.reason, ...before].join('; ');
}

function refusal(wanted: BackendChoice, verdicts: readonly Verdict[]): EngineError {
  const facts = verdicts.map(({ backend, usable, reason }) => ({ backend: backend.name, available: usable, reason }));
  const available = facts.filter((fact) => fact.available).map((fact) => fact.backend);
  const asked = facts.find((fact) => fact.backend === wanted);
  const start =
    wanted === 'auto'
      ? 'no backend can run the models here'
      : `the backend "${wanted}" cannot run here: ${asked?.reason ?? 'this build of edgewright does not have it'}`;
  const rest = facts
    .filter((fact) => fact.backend !== wanted && !fact.available)
    .map((fact) => `${fact.backend}: ${fact.reason}`);
  const message = [start, ...rest, `available: ${available.length === 0 ? 'none' : available.join(', ')}`].join('; ');
  return new EngineError('BackendUnavailable', message, { details: { wanted, backends: facts } });
}
