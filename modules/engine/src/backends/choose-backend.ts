import { executionProviderName } from '@edgewright/contract';
import type { BackendChoice, ExecutionProvider } from '@edgewright/contract';
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

/** What is to run, and what was said about how. */
export interface BackendWish {
  readonly backend: BackendChoice;
  readonly models: readonly EngineModel[];
  readonly executionProviders?: readonly ExecutionProvider[];
}

/**
 * Chooses what runs the models. `auto` takes the first of `candidates` that reads their format and loads; a list takes the
 * first of those that it names; a backend asked for by name is taken or refused, never replaced by another.
 *
 * @throws EngineError `BackendUnavailable`, which says of every candidate why (not)
 */
export async function chooseBackend(wish: BackendWish, candidates: readonly Backend[]): Promise<ChosenBackend> {
  const passedOver: Verdict[] = [];
  for (const backend of inOrder(wish.backend, candidates)) {
    const verdict = await judge(backend, wish);
    if (verdict.usable) return { backend, reason: reasonFor(wish.backend, verdict, passedOver) };
    passedOver.push(verdict);
  }
  const others = candidates.filter((backend) => !passedOver.some((verdict) => verdict.backend === backend));
  const verdicts = [...passedOver, ...(await Promise.all(others.map((backend) => judge(backend, wish))))];
  throw refusal(wish.backend, verdicts);
}

function inOrder(wanted: BackendChoice, candidates: readonly Backend[]): readonly Backend[] {
  if (wanted === 'auto') return candidates;
  const names = typeof wanted === 'string' ? [wanted] : wanted;
  return names.flatMap((name) => candidates.filter((backend) => backend.name === name));
}

async function judge(backend: Backend, { models, executionProviders }: BackendWish): Promise<Verdict> {
  const unreadable = models.find((model) => !backend.formats.includes(model.format));
  if (unreadable !== undefined) {
    return {
      backend,
      usable: false,
      reason: `${unreadable.name}:${unreadable.version} is not in a format that it reads (${backend.formats.join(', ')})`,
    };
  }
  if (executionProviders !== undefined && backend.takesProviders !== true) {
    const names = executionProviders.map(executionProviderName).join(', ');
    return { backend, usable: false, reason: `it has no execution providers, and ${names} was asked for` };
  }
  const { available, reason } = await backend.probe(executionProviders);
  return { backend, usable: available, reason };
}

function reasonFor(wanted: BackendChoice, verdict: Verdict, passedOver: readonly Verdict[]): string {
  if (typeof wanted === 'string' && wanted !== 'auto') return `asked for by name; ${verdict.reason}`;
  const rule =
    wanted === 'auto' ? 'first choice that can run here' : `the first of ${wanted.join(', ')} that can run here`;
  const before = passedOver.map(({ backend, reason }) => `${backend.name} cannot: ${reason}`);
  return [rule, verdict.reason, ...before].join('; ');
}

function refusal(wanted: BackendChoice, verdicts: readonly Verdict[]): EngineError {
  const facts = verdicts.map(({ backend, usable, reason }) => ({ backend: backend.name, available: usable, reason }));
  const available = facts.filter((fact) => fact.available).map((fact) => fact.backend);
  const asked = facts.find((fact) => fact.backend === wanted);
  const rest = facts
    .filter((fact) => fact !== asked && !fact.available)
    .map((fact) => `${fact.backend}: ${fact.reason}`);
  const list = `available: ${available.length === 0 ? 'none' : available.join(', ')}`;
  const message = [complaint(wanted, asked?.reason), ...rest, list].join('; ');
  return new EngineError('BackendUnavailable', message, { details: { wanted, backends: facts } });
}

function complaint(wanted: BackendChoice, reason: string | undefined): string {
  if (wanted === 'auto') return 'no backend can run the models here';
  if (typeof wanted !== 'string') return `none of the backends ${wanted.join(', ')} can run the models here`;
  return `the backend "${wanted}" cannot run here: ${reason ?? 'this build of edgewright does not have it'}`;
}
