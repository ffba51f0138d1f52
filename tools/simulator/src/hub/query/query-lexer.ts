import { queryFailure } from './query-failure.ts';

export interface Token {
  readonly kind: 'name' | 'quotedName' | 'number' | 'string' | 'symbol' | 'end';
  /** The text as it stands; for strings and quoted names what it stands for. */
  readonly text: string;
  readonly at: number;
}

/** Longer queries are refused; IoT Hub's own limit is lower. */
const MAX_LENGTH = 16_384;

const PATTERNS: readonly (readonly [Token['kind'], RegExp])[] = [
  ['name', /[A-Za-z_$][\w$]*/y],
  ['number', /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['string', /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"/y],
  ['quotedName', /\[\[[^\]]*\]\]/y],
  ['symbol', /<=|>=|!=|<>|[=<>()[\],.*+\-/%]/y],
];
const SPACE = /\s*/y;

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };

/** @throws SimulatorError `SimulatorRequestInvalid` with the place of what is no part of the language */
export function tokenize(text: string): Token[] {
  if (text.length > MAX_LENGTH) {
    throw queryFailure(text.slice(0, MAX_LENGTH), MAX_LENGTH, `it has more than ${MAX_LENGTH} characters`);
  }
  const tokens: Token[] = [];
  let at = skipSpace(text, 0);
  while (at < text.length) {
    const token = tokenAt(text, at);
    tokens.push({ ...token, text: meaning(token) });
    at = skipSpace(text, at + token.text.length);
  }
  tokens.push({ kind: 'end', text: 'the end of the query', at: text.length });
  return tokens;
}

function tokenAt(text: string, at: number): Token {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) return { kind, text: match[0], at };
  }
  const character = text[at] ?? '';
  if (character === "'" || character === '"')
    throw queryFailure(text, at, `the text that begins with ${character} has no end`);
  throw queryFailure(text, at, `"${character}" is not part of the language`);
}

function meaning({ kind, text }: Token): string {
  if (kind === 'quotedName') return text.slice(2, -2).replace(/^(['"])(.*)\1$/, '$2');
  if (kind !== 'string') return text;
  const quote = text[0] ?? '';
  return text
    .slice(1, -1)
    .replaceAll(`${quote}${quote}`, quote)
    .replaceAll(/\\(.)/gs, (_, character: string) => ESCAPES[character] ?? character);
}

function skipSpace(text: string, at: number): number {
  SPACE.lastIndex = at;
  return at + (SPACE.exec(text)?.[0].length ?? 0);
}
