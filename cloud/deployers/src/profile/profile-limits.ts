import { randomBytes } from 'node:crypto';
import type { EventSink, ModelProfile, ProfilePoint } from '@edgewright/contract';
import type { ContainerEngine } from '../containers/container-engine.ts';
import { DeployersError } from '../deployers-error.ts';
import { figuresOfProfile, judge, KNEE_FACTOR, smallestThatFits } from './choose-limits.ts';
import type { ProfileTargets } from './choose-limits.ts';
import { measureLimits } from './measure-limits.ts';
import type { Measurement, ProfileLoad } from './measure-limits.ts';

export interface ProfileLimitsOptions {
  readonly name: string;
  readonly models: readonly string[];
  readonly engine: ContainerEngine;
  /** By its name in the engine. */
  readonly image: string;
  /** Cores to try. */
  readonly cpus: readonly number[];
  /** Gigabytes to try. */
  readonly memories: readonly number[];
  readonly load: ProfileLoad;
  readonly targets: ProfileTargets;
  /** No pair of limits is begun after it. */
  readonly budgetMs: number;
  readonly events: EventSink;
  readonly signal: AbortSignal;
}

/**
 * Finds the smallest limits with which a model scores well enough: containers with real limits of the kernel are started and loaded, the
 * largest limits first. All cores are tried with the most memory; less memory is tried with the cores that are enough.
 *
 * Events: `profile.point`, one for each pair.
 *
 * @throws DeployersError `ProfileFailed` when the model does not even score with the largest limits
 */
export async function profileLimits(options: ProfileLimitsOptions): Promise<ModelProfile> {
  const run = new ProfileRun(options);
  try {
    return await run.all();
  } finally {
    await options.engine.removeContainers(run.owner);
  }
}

class ProfileRun {
  readonly owner = randomBytes(8).toString('hex');
  readonly #options: ProfileLimitsOptions;
  readonly #points: ProfilePoint[] = [];
  readonly #until: number;
  #maxLatencyMs = Number.POSITIVE_INFINITY;

  constructor(options: ProfileLimitsOptions) {
    this.#options = options;
    this.#until = performance.now() + options.budgetMs;
  }

  async all(): Promise<ModelProfile> {
    const { cpus, memories, targets } = this.#options;
    const [[mostCpu = 0, ...fewer], [mostMemory = 0, ...less]] = [descending(cpus), descending(memories)];
    await this.#largest(mostCpu, mostMemory);
    for (const cpu of fewer) await this.#measure(cpu, mostMemory);
    for (const cpu of [mostCpu, ...fewer]) await this.#lessMemory(cpu, less);
    const best = smallestThatFits(this.#points);
    const { name, models } = this.#options;
    return {
      name,
      models: [...models],
      createdTime: new Date().toISOString(),
      state: best === undefined ? 'Failed' : 'Succeeded',
      ...(best === undefined ? { error: this.#noneFits() } : {}),
      maxLatencyMs: this.#maxLatencyMs,
      maxErrorRate: targets.maxErrorRate,
      ...figuresOfProfile(this.#points, best),
      points: this.#points.toSorted((a, b) => a.cpu - b.cpu || a.memoryInGB - b.memoryInGB),
    };
  }

  /** What does not work here works nowhere. */
  async #largest(cpu: number, memoryInGB: number): Promise<void> {
    const { targets, name } = this.#options;
    const measured = await this.#run(cpu, memoryInGB);
    if (measured.outcome !== undefined || measured.p95Ms === undefined) {
      throw new DeployersError(
        'ProfileFailed',
        `cannot profile ${name}: with the largest limits, ${cpu} cores and ${shown(memoryInGB)} GB, it does not score: ${measured.outcome ?? 'no answer'}: ${measured.reason ?? ''}`,
        { details: { name, cpu, memoryInGB, outcome: measured.outcome ?? null } },
      );
    }
    this.#maxLatencyMs = targets.maxLatencyMs ?? KNEE_FACTOR * measured.p95Ms;
    this.#keep(judge(measured, this.#maxLatencyMs, targets.maxErrorRate));
  }

  async #lessMemory(cpu: number, memories: readonly number[]): Promise<void> {
    let above = this.#points.find((point) => point.cpu === cpu);
    for (const memoryInGB of memories) {
      if (above?.outcome !== 'fits') {
        const reason = `more memory was not enough: ${above?.outcome ?? ''}`;
        this.#keep({ cpu, memoryInGB, outcome: 'not measured', reason });
        continue;
      }
      above = await this.#measure(cpu, memoryInGB);
    }
  }

  async #measure(cpu: number, memoryInGB: number): Promise<ProfilePoint> {
    if (performance.now() > this.#until) {
      return this.#keep({ cpu, memoryInGB, outcome: 'not measured', reason: 'the time was over' });
    }
    const measured = await this.#run(cpu, memoryInGB);
    return this.#keep(judge(measured, this.#maxLatencyMs, this.#options.targets.maxErrorRate));
  }

  async #run(cpu: number, memoryInGB: number): Promise<Measurement> {
    const { engine, image, load, signal } = this.#options;
    return await measureLimits({ engine, image, owner: this.owner, cpu, memoryInGB, load, signal });
  }

  #keep(point: ProfilePoint): ProfilePoint {
    this.#points.push(point);
    const { cpu, memoryInGB, outcome, p95Ms } = point;
    const latency = p95Ms === undefined ? '' : `, 95 % within ${shown(p95Ms)} ms`;
    const text = `${cpu} cores, ${shown(memoryInGB)} GB: ${outcome}${latency}`;
    this.#options.events({ stage: 'profile.point', state: 'done', text, data: { ...point } });
    return point;
  }

  #noneFits(): string {
    const fastest = this.#points.toSorted((a, b) => (a.p95Ms ?? Infinity) - (b.p95Ms ?? Infinity))[0];
    return `no limits meet the targets: the fastest, ${fastest?.cpu} cores and ${fastest?.memoryInGB} GB, answers 95 % within ${shown(fastest?.p95Ms ?? 0)} ms, and ${shown(this.#maxLatencyMs)} ms were asked for`;
  }
}

function descending(values: readonly number[]): number[] {
  return [...new Set(values)].toSorted((a, b) => b - a);
}

function shown(value: number): string {
  return String(Number(value.toPrecision(3)));
}
