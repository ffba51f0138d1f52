import { startScorerAtHub } from './scorer-at-hub.ts';

export interface FuzzResult {
  readonly messages: number;
  readonly twins: number;
  readonly methods: number;
  /** Messages that were acknowledged; all must be. */
  readonly acknowledged: number;
  readonly survived: boolean;
  readonly isSound: boolean;
}

interface Fuzzing {
  readonly random: () => number;
  readonly report: (line: string) => void;
}

const WORDS = [
  '',
  'data',
  '$.mid',
  '$.cid',
  '%',
  '%zz',
  '=',
  '&',
  '/',
  '\u0000',
  '😀',
  '__proto__',
  'a'.repeat(3000),
  '0',
  '-1',
  '1e999',
];
const KEYS = [
  'mapping',
  'limits',
  'journal',
  'acknowledgement',
  'model',
  'modelGate',
  'fallback',
  'shadow',
  'logLevel',
  'x',
  '__proto__',
];
const TOPICS = [
  '$iothub/twin/res/200/?$rid=1',
  '$iothub/methods/POST/',
  '$iothub/methods/POST/score/?$rid=',
  'devices/x',
  '$iothub/twin/PATCH/properties/desired/?$version=-1',
];

/** Bodies, properties, twins, methods and packets of all kinds, most of them wrong: the scorer must stay up and answer each message. */
export async function fuzzScorer(count: number, { random, report }: Fuzzing): Promise<FuzzResult> {
  await using place = await startScorerAtHub({});
  const { hub, scorer } = place;
  hub.window = 16;
  const life = { survived: true };
  void scorer.ended.then(() => (life.survived = false));
  const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)] as Value;
  let [acknowledged, twins, methods] = [0, 0, 0];
  const open = new Set<Promise<void>>();
  for (let n = 0; n < count && life.survived; n += 1) {
    const properties = Object.fromEntries(
      Array.from({ length: Math.floor(random() * 4) }, () => [pick(WORDS), pick(WORDS)]),
    );
    const delivery = hub.deliver(pick(['in', 'x'.repeat(200), '%41', 'ä']), bodyOf(random), properties).then(() => {
      acknowledged += 1;
      open.delete(delivery);
    });
    open.add(delivery);
    if (open.size >= 64) await Promise.race([...open, scorer.ended]);
    hub.patchDesired({ [pick(KEYS)]: valueOf(random, 3) });
    twins += 1;
    if (n % 50 === 0) {
      hub.publish(pick(TOPICS), bodyOf(random));
      void hub.call(pick(['score', 'status', 'rollback', 'reload', 'setLogLevel', 'nothing']), valueOf(random, 2));
      methods += 1;
    }
    // what is right again, so that not everything is refused because of what came before
    if (n % 200 === 0) hub.patchDesired(Object.fromEntries(KEYS.map((key) => [key, null])));
    if (n % 2000 === 0) report(`fuzz: ${n} of ${count} messages`);
  }
  hub.patchDesired(Object.fromEntries(KEYS.map((key) => [key, null])));
  await Promise.race([Promise.all(open), scorer.ended]);
  const { survived } = life;
  return { messages: count, twins, methods, acknowledged, survived, isSound: survived && acknowledged === count };
}

function bodyOf(random: () => number): string | Buffer {
  const kind = random();
  if (kind < 0.3) return JSON.stringify({ data: [[random(), random(), random()]] });
  if (kind < 0.5) return JSON.stringify(valueOf(random, 4)) ?? '';
  if (kind < 0.7)
    return Buffer.from(Array.from({ length: Math.floor(random() * 300) }, () => Math.floor(random() * 256)));
  if (kind < 0.8) return '['.repeat(Math.floor(random() * 5000));
  return `{"data":${JSON.stringify(valueOf(random, 3)) ?? ''}`.slice(0, Math.floor(random() * 100));
}

function valueOf(random: () => number, depth: number): unknown {
  const kind = Math.floor(random() * (depth > 0 ? 8 : 6));
  const length = Math.floor(random() * 4);
  if (kind === 0) return null;
  if (kind === 1) return random() * 1e6;
  if (kind === 2) return WORDS[Math.floor(random() * WORDS.length)];
  if (kind === 3) return random() < 0.5;
  if (kind === 4) return -1;
  if (kind === 5) return 1e308;
  if (kind === 6) return Array.from({ length }, () => valueOf(random, depth - 1));
  return Object.fromEntries(
    Array.from({ length }, () => [WORDS[Math.floor(random() * WORDS.length)], valueOf(random, depth - 1)]),
  );
}
