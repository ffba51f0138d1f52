import { execFile } from 'node:child_process';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { AcknowledgementPolicy } from '@edgewright/contract';
import type { EdgeLab } from '../support/edge-lab.ts';
import type { ScorerProcess } from '../support/scorer-process.ts';

const run = promisify(execFile);

/** The device and the module of the lab. */
const SCORER = { deviceId: 'edge-1', moduleId: 'scorer' } as const;

export interface Strike {
  readonly lab: EdgeLab;
  readonly scorer: ScorerProcess;
  readonly environment: Readonly<Record<string, string>>;
  readonly random: () => number;
}

/** What the scorer is started with; its folders go when the run is over. */
export interface Place extends AsyncDisposable {
  readonly environment: Readonly<Record<string, string>>;
}

/** Something that goes wrong at random moments. */
export interface Disturbance {
  readonly name: string;
  /** How often it strikes, when nobody says. */
  readonly times: number;
  readonly policies: readonly AcknowledgementPolicy[];
  prepare(lab: EdgeLab, policy: AcknowledgementPolicy): Promise<Place>;
  /** @returns the scorer that runs afterwards */
  strike(strike: Strike): Promise<ScorerProcess>;
}

const durable = ['after-output', 'after-journal'] as const;

async function usualPlace(lab: EdgeLab, policy: AcknowledgementPolicy): Promise<Place> {
  const environment = policy === 'after-journal' ? { EDGEWRIGHT_STATE_DIRECTORY: await lab.stateFolder() } : {};
  return { environment, [Symbol.asyncDispose]: () => Promise.resolve() };
}

/** All that can go wrong, by name. */
export const disturbances: readonly Disturbance[] = [
  {
    name: 'kill',
    times: 50,
    policies: [...durable, 'on-receive'],
    prepare: usualPlace,
    strike: async ({ lab, scorer, environment }) => {
      scorer.signal('SIGKILL');
      await scorer.ended;
      return lab.startScorer(environment);
    },
  },
  {
    name: 'restart',
    times: 10,
    policies: durable,
    prepare: usualPlace,
    strike: async ({ lab, scorer, random }) => {
      await lab.simulator.injectFault({ kind: 'restart', deviceId: SCORER.deviceId, durationMs: 100 + random() * 400 });
      return scorer;
    },
  },
  {
    // pauses between connections grow to half a minute while sessions are short
    name: 'cut',
    times: 6,
    policies: durable,
    prepare: usualPlace,
    strike: async ({ lab, scorer }) => {
      await lab.simulator.injectFault({ kind: 'cut', ...SCORER });
      return scorer;
    },
  },
  {
    name: 'puback',
    times: 4,
    policies: durable,
    prepare: usualPlace,
    strike: async ({ lab, scorer, random }) => {
      // a lost one costs the 30 s that an output may take, so few are lost and more are late
      if (random() < 0.5) await lab.simulator.injectFault({ kind: 'drop-puback', ...SCORER, count: 1 });
      else await lab.simulator.injectFault({ kind: 'delay-puback', ...SCORER, count: 20, delayMs: 200 });
      return scorer;
    },
  },
  {
    name: 'token',
    times: 10,
    policies: durable,
    prepare: async (lab, policy) => {
      const place = await usualPlace(lab, policy);
      // renewed every three seconds: each strike waits for one
      return { ...place, environment: { ...place.environment, EDGEWRIGHT_TOKEN_LIFETIME_SECONDS: '4' } };
    },
    strike: async ({ scorer }) => {
      await sleep(3_100);
      return scorer;
    },
  },
  { name: 'disk', times: 6, policies: ['after-journal'], prepare: smallDisk, strike: fillOrFree },
];

/** A file system of 2 MB for the journal. */
async function smallDisk(lab: EdgeLab): Promise<Place> {
  const directory = await lab.stateFolder();
  await run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'edgewright-chaos', directory]);
  return {
    environment: { EDGEWRIGHT_STATE_DIRECTORY: directory },
    [Symbol.asyncDispose]: async () => {
      await run('umount', [directory]);
    },
  };
}

/** Fills the disk under the journal to the last byte, or makes room again. */
async function fillOrFree({ scorer, environment }: Strike): Promise<ScorerProcess> {
  const directory = environment['EDGEWRIGHT_STATE_DIRECTORY'] ?? '';
  const filler = path.join(directory, 'filler');
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize < 65_536) await rm(filler, { force: true });
  else await writeFile(filler, Buffer.alloc(bavail * bsize), { flag: 'a' }).catch(() => {});
  return scorer;
}

/** Whether this process may mount a small disk; only root may. */
export async function canMount(): Promise<boolean> {
  return (
    userInfo().uid === 0 &&
    (await run('mount', ['--version']).then(
      () => true,
      () => false,
    ))
  );
}
