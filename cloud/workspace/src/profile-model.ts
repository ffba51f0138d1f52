import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { EventSink, ModelProfile } from '@edgewright/contract';
import type { ContainerEngine } from '@edgewright/deployers';
import { loadIntoEngine, requireBaseImage } from './load-into-engine.ts';
import { profilePage } from './profile-page.ts';
import { readBodies } from './read-bodies.ts';
import { WorkspaceError } from './workspace-error.ts';
import type { WorkspaceImages } from './workspace-images.ts';
import type { WorkspaceModels } from './workspace-models.ts';

/** What is to be profiled, and how. */
export interface ProfileModelInput {
  readonly name: string;
  /** Registered models, `NAME` for the latest version or `NAME:VERSION`. */
  readonly models: readonly string[];
  /** `inferenceconfig.json`; it must name a base image with a C library. */
  readonly inferenceConfig?: string | undefined;
  /** The body of a request. */
  readonly inputData?: string | Uint8Array | undefined;
  /** A file with the body of a request on each line. */
  readonly inputDataset?: string | undefined;
  /** Default `application/json`. */
  readonly contentType?: string | undefined;
  /** Cores to try; default 0.1, 0.5, 1 and 2, as far as the machine has them. */
  readonly cpus?: readonly number[] | undefined;
  /** Gigabytes to try; default 0.25, 0.5, 1 and 2, as far as the machine has them. */
  readonly memories?: readonly number[] | undefined;
  /** What 95 % of the requests may take; default: twice what they take with the largest limits. */
  readonly maxLatencyMs?: number | undefined;
  /** The share of requests that may fail; default 0. */
  readonly maxErrorRate?: number | undefined;
  /** Requests at once; default 1. */
  readonly callers?: number | undefined;
  /** How long each pair of limits is measured; default 5000. */
  readonly measureMs?: number | undefined;
  /** No pair of limits is begun after it; default 600,000. */
  readonly budgetMs?: number | undefined;
  /** Writes the table and the charts as a page. */
  readonly page?: string | undefined;
  /** Writes the result as JSON, for `model deploy --pi`. */
  readonly resultFile?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Azure ML tried 16 pairs. */
const CPUS = [0.1, 0.5, 1, 2];
const MEMORIES = [0.25, 0.5, 1, 2];
const START_MS = 120_000;

/**
 * Finds the smallest limits for cores and memory with which models score well enough on this machine, by loading containers that the
 * kernel holds to them.
 *
 * Events: what building reports, then `profile.point` for each pair of limits.
 *
 * @throws DeployersError `ContainerEngineUnusable`, `ProfileFailed`, `ServiceNameInvalid` · WorkspaceError `ProfileInputInvalid`,
 *   `BaseImageMissing` · what building throws
 */
export async function profileModel(
  input: ProfileModelInput,
  {
    models,
    images,
    events,
  }: { readonly models: WorkspaceModels; readonly images: WorkspaceImages; readonly events: EventSink },
): Promise<ModelProfile> {
  const { checkServiceName, ContainerEngine: Engine, profileLimits } = await import('@edgewright/deployers');
  checkServiceName(input.name);
  const bodies = await readBodies(input);
  const engine = await Engine.open();
  const limits = limitsOf(input, engine);
  await requireBaseImage(input.inferenceConfig);
  const ids: string[] = [];
  for (const reference of input.models) ids.push((await models.show(reference)).id);
  const repository = `edgewright-profiles/${input.name}-${randomBytes(4).toString('hex')}`;
  const image = `${repository}:1`;
  const signal = input.signal ?? new AbortController().signal;
  try {
    await loadIntoEngine({ models: ids, inferenceConfig: input.inferenceConfig, signal }, { images, tag: image });
    const profile = await profileLimits({
      name: input.name,
      models: ids,
      engine,
      image,
      ...limits,
      load: {
        bodies,
        contentType: input.contentType ?? 'application/json',
        callers: positive('callers', input.callers, 1),
        measureMs: positive('measureMs', input.measureMs, 5000),
        startMs: START_MS,
      },
      targets: { maxLatencyMs: input.maxLatencyMs, maxErrorRate: input.maxErrorRate ?? 0 },
      budgetMs: positive('budgetMs', input.budgetMs, 600_000),
      events,
      signal,
    });
    if (input.resultFile !== undefined) await write(input.resultFile, `${JSON.stringify(profile, null, 2)}\n`);
    if (input.page !== undefined) await write(input.page, profilePage(profile));
    return profile;
  } finally {
    await engine.removeImages(repository);
  }
}

/** What the machine has not, a container cannot be given. */
function limitsOf(
  { cpus, memories }: ProfileModelInput,
  { most }: ContainerEngine,
): { cpus: number[]; memories: number[] } {
  const choose = (
    what: string,
    given: readonly number[] | undefined,
    usual: readonly number[],
    limit: number,
  ): number[] => {
    const tooMuch = given?.find((value) => !(value > 0) || value > limit);
    if (tooMuch !== undefined) {
      const message = `cannot try ${tooMuch} ${what}: the Docker Engine has ${Number(limit.toFixed(2))}, and it must be more than 0`;
      throw new WorkspaceError('ProfileInputInvalid', message, { details: { what, value: tooMuch, most: limit } });
    }
    const chosen = given ?? usual.filter((value) => value <= limit);
    if (chosen.length > 0) return [...chosen];
    throw new WorkspaceError('ProfileInputInvalid', `cannot profile: no limits of ${what} are given`, {
      details: { what },
    });
  };
  return {
    cpus: choose('cores', cpus, CPUS, most.cpu),
    memories: choose('GB of memory', memories, MEMORIES, most.memoryInGB),
  };
}

function positive(what: string, value: number | undefined, usual: number): number {
  if (value === undefined) return usual;
  if (value > 0) return value;
  throw new WorkspaceError('ProfileInputInvalid', `cannot profile: ${what} is ${value}, and must be more than 0`, {
    details: { what, value },
  });
}

async function write(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((cause: unknown) => {
    throw new WorkspaceError('ProfileInputInvalid', `cannot write "${file}": ${String(cause)}`, {
      details: { file },
      cause,
    });
  });
}
