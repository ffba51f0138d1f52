import type { EngineSettings, ExecutionProvider } from '@edgewright/contract';
import { namedCandidate } from './candidate.ts';
import type { Candidate } from './candidate.ts';

/** What there is to choose from. */
export interface SearchSpace {
  /** The model files, the reference first, each with the backends that read it and run here. */
  readonly variants: readonly {
    readonly name: string;
    readonly backends: readonly NonNullable<EngineSettings['backend']>[];
  }[];
  /** Execution providers of ONNX Runtime that run here, beside `cpu`. */
  readonly providers: readonly string[];
  readonly processors: number;
  /** Requests that come at once: what cannot be filled is not tried. */
  readonly concurrency: number;
  readonly hasEntryScript: boolean;
  /** True when the engine ran the default on its own thread: then others may be worth it too. */
  readonly runsInline: boolean;
  readonly canBatch: boolean;
  /** True when the model is served with requests joined, so that not joining must be said. */
  readonly batchesByDefault: boolean;
  readonly maxP99Ms?: number | undefined;
}

const BATCH_SIZES = [4, 16, 64, 256] as const;
const BATCH_DELAYS_MS = [0, 1, 4] as const;
/** More workers than this on one device are copies of a runtime on the bus. */
const MOST_WORKERS = 4;

/** Every way to run the model that makes sense on this machine. */
export function listCandidates(space: SearchSpace): Candidate[] {
  return space.variants.flatMap(({ name, backends }) =>
    backends
      .flatMap((backend) => runtimes(backend, space))
      .flatMap((runtime) => placements(runtime, space))
      .flatMap((placed) => batchings(space).map((batching) => namedCandidate(name, { ...placed, ...batching }))),
  );
}

function runtimes(backend: NonNullable<EngineSettings['backend']>, { providers }: SearchSpace): EngineSettings[] {
  if (backend !== 'onnx') return [{ backend }];
  return [
    { backend },
    ...providers.map((name): EngineSettings => ({
      backend,
      executionProviders: [name, 'cpu'] satisfies ExecutionProvider[],
    })),
  ];
}

/** Where requests run, with how many threads. Only ONNX Runtime on processors has threads to set. */
function placements(runtime: EngineSettings, space: SearchSpace): EngineSettings[] {
  const { processors, concurrency, hasEntryScript, runsInline } = space;
  const hasThreads = runtime.backend === 'onnx' && runtime.executionProviders === undefined;
  const threadCounts = hasThreads ? powersUpTo(processors) : [undefined];
  const mostWorkers = Math.min(MOST_WORKERS, processors, concurrency);
  const pools = powersUpTo(mostWorkers).flatMap((workers) =>
    threadCounts
      .filter((threads) => workers * (threads ?? 1) <= processors)
      .map((threads): EngineSettings => ({
        ...runtime,
        execution: hasEntryScript ? 'process' : 'worker',
        workers,
        ...counted(threads),
      })),
  );
  // on the host's own thread only where the engine itself finds that cheap enough: it must not be held
  const own = runsInline
    ? threadCounts.map((threads): EngineSettings => ({ ...runtime, execution: 'auto', ...counted(threads) }))
    : [];
  return [...own, ...pools];
}

function counted(threads: number | undefined): EngineSettings {
  return threads === undefined ? {} : { threads };
}

function batchings({
  canBatch,
  concurrency,
  batchesByDefault,
  maxP99Ms = Number.POSITIVE_INFINITY,
}: SearchSpace): EngineSettings[] {
  const none: EngineSettings = batchesByDefault ? { batching: { maxSize: 1 } } : {};
  if (!canBatch || concurrency < 2) return [none];
  // the first size that takes all that come at once is the last that makes a difference
  const most = BATCH_SIZES.find((size) => size >= concurrency) ?? Number.POSITIVE_INFINITY;
  const sizes = BATCH_SIZES.filter((size) => size <= most);
  const delays = BATCH_DELAYS_MS.filter((delay) => delay < maxP99Ms / 2);
  return [
    none,
    ...sizes.flatMap((maxSize) =>
      delays.map((maxDelayMs): EngineSettings => ({
        batching: { maxSize, ...(maxDelayMs === 0 ? {} : { maxDelayMs }) },
      })),
    ),
  ];
}

/** 1, 2, 4 … and the most itself. */
function powersUpTo(most: number): number[] {
  const powers: number[] = [];
  for (let power = 1; power < most; power *= 2) powers.push(power);
  return [...powers, most];
}
