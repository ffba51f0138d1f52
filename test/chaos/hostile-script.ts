import { startScorerAtHub } from './scorer-at-hub.ts';

/** What the script does to a message whose data is this word; all others are scored. */
const allDeeds = ['throw', 'hang', 'exit', 'eat', 'reject', 'silent'] as const;

export interface HostileOptions {
  readonly rounds: number;
  readonly deeds?: readonly (typeof allDeeds)[number][];
  readonly report: (line: string) => void;
}

const SCRIPT = `
export function init() { return {}; }
export async function run(data) {
  if (data === 'throw') throw new Error('thrown on purpose');
  if (data === 'hang') for (;;) {}
  if (data === 'exit') process.exit(3);
  if (data === 'reject') setTimeout(() => { throw new Error('thrown later'); }, 0);
  if (data === 'silent') return new Promise(() => {});
  if (data === 'eat') { const held = []; for (;;) held.push(new Array(1e6).fill(Math.random())); }
  return { doubled: 2 * data };
}
`;

export interface HostileResult {
  readonly sent: number;
  readonly scored: number;
  readonly rejected: number;
  /** The process of the scorer went on all the time. */
  readonly survived: boolean;
  readonly isSound: boolean;
}

/** A model that throws, hangs, exits or eats memory on chosen messages, between others that must be scored all the same. */
export async function hostileScript({ rounds, deeds = allDeeds, report }: HostileOptions): Promise<HostileResult> {
  await using place = await startScorerAtHub({
    entryScript: SCRIPT,
    desired: { limits: { timeoutMs: 15_000, maxAttempts: 1 } },
  });
  const { hub, scorer } = place;
  let survived = true;
  void scorer.ended.then(() => (survived = false));
  let sent = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const deed of deeds) {
      for (const data of [deed, round]) {
        await hub.deliver('in', JSON.stringify(data), { '$.mid': `${deed}-${round}-${data}` });
        sent += 1;
      }
      report(`hostile: ${deed}, ${hub.outputs.at(-2)?.outputName}, then ${hub.outputs.at(-1)?.outputName}`);
    }
  }
  const of = (name: string): number => hub.outputs.filter(({ outputName }) => outputName === name).length;
  const [scored, rejected] = [of('amlOutput'), of('amlError')];
  const isSound = survived && scored + rejected === sent && scored >= sent / 2;
  return { sent, scored, rejected, survived, isSound };
}
