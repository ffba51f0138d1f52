/** The kinds of tokens. Punctuation and operators are their own kind. */
export type TokenKind =
  | 'select'
  | 'from'
  | 'where'
  | 'into'
  | 'and'
  | 'or'
  | 'not'
  | 'true'
  | 'false'
  | 'null'
  | 'undefined'
  | 'string'
  | 'unterminated'
  | 'integer'
  | 'hex'
  | 'real'
  | 'name'
  | 'systemName'
  | 'path'
  | 'unknown'
  | 'end'
  | Punctuation;

type Punctuation =
  | '('
  | ')'
  | '{'
  | '}'
  | ','
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '||'
  | '??'
  | '='
  | '!='
  | '<>'
  | '<'
  | '<='
  | '>'
  | '>=';

export interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
}

// What a name may be made of is edgeHub's rule: everything but blanks and ( ) < > @ , ; : \ " / [ ] ? = { } — so also
// quotes and operator signs, which is why blanks matter: `a-1` is one name. A path is a name with [ ] in it.
const NAME_RUN = /[^()<>@,;:\\"/[\]?={} \t\r\n]*/y;
const PATH_RUN = /[^()<>@,;:\\"/?={} \t\r\n]*/y;
const BLANKS = /[ \t\r\n]+/y;
const INTEGER = /^-?\d+$/;
const HEX = /^0[xX][\da-fA-F]+$/;
const REAL = /^-?(?:\d*\.\d+(?:[eE][+-]?\d+)?|\d*[eE][+-]?\d+)$/;
const LOWER_CASE_WORDS = new Set<string>(['true', 'false', 'null', 'undefined']);
const ANY_CASE_WORDS = new Set<string>(['select', 'from', 'where', 'into', 'and', 'or', 'not']);
const SIGNS_LIKE_NAMES = new Set<string>(['+', '-', '*', '%', '||']);
const TWO_CHARACTER_SIGNS = new Set<string>(['<>', '<=', '>=', '??']);
const ONE_CHARACTER_SIGNS = new Set<string>(['(', ')', '{', '}', ',', '/', '=', '<', '>']);

/**
 * Cuts a route into tokens, as edgeHub's grammar does: the longest match wins, and among equals the first of the grammar.
 * Takes time linear in the text, accepts every text, and ends with a token of kind `end`.
 */
export function tokenizeRoute(text: string): Token[] {
  const tokens: Token[] = [];
  // comments are looked for only before this place, else a row of `/*` would cost quadratic time
  const lastCommentEnd = text.lastIndexOf('*/');
  let position = 0;
  while (position < text.length) {
    const afterBlanks = runEnd(BLANKS, text, position);
    const start = commentEnd(text, afterBlanks, lastCommentEnd);
    if (start > position) {
      position = start;
      continue;
    }
    const token = tokenAt(text, position);
    tokens.push(token);
    position = token.end;
  }
  tokens.push({ kind: 'end', start: text.length, end: text.length });
  return tokens;
}

function commentEnd(text: string, position: number, lastCommentEnd: number): number {
  if (!text.startsWith('/*', position) || lastCommentEnd < position + 2) return position;
  return text.indexOf('*/', position + 2) + 2;
}

function tokenAt(text: string, start: number): Token {
  const first = text.charAt(start);
  if (first === '"' || first === "'") return stringOrName(text, start);
  if (text.startsWith('!=', start)) return { kind: '!=', start, end: start + 2 };
  const pair = text.slice(start, start + 2);
  if (TWO_CHARACTER_SIGNS.has(pair)) return { kind: pair as TokenKind, start, end: start + 2 };
  if (ONE_CHARACTER_SIGNS.has(first)) return { kind: first as TokenKind, start, end: start + 1 };
  const end = runEnd(PATH_RUN, text, start);
  if (end === start) return { kind: 'unknown', start, end: start + 1 };
  return nameLike(text, start, end);
}

/** A run of the characters of paths: a keyword, number, operator, name, system name or path. */
function nameLike(text: string, start: number, end: number): Token {
  if (text.charAt(start) === '$' && end > start + 1) return { kind: 'systemName', start, end };
  if (runEnd(NAME_RUN, text, start) < end) return { kind: 'path', start, end };
  const run = text.slice(start, end);
  if (SIGNS_LIKE_NAMES.has(run) || LOWER_CASE_WORDS.has(run)) return { kind: run as TokenKind, start, end };
  const lower = run.length <= 6 ? run.toLowerCase() : '';
  if (ANY_CASE_WORDS.has(lower) && /^[a-z]+$/i.test(run)) return { kind: lower as TokenKind, start, end };
  if (INTEGER.test(run)) return { kind: 'integer', start, end };
  if (HEX.test(run)) return { kind: 'hex', start, end };
  if (REAL.test(run)) return { kind: 'real', start, end };
  return { kind: 'name', start, end };
}

/** A quote begins a string, unless it begins a longer name: `'it''s'` is a name, since names may hold single quotes. */
function stringOrName(text: string, start: number): Token {
  const { end, closed } = stringEnd(text, start);
  const pathEnd = text.charAt(start) === '"' ? start : runEnd(PATH_RUN, text, start);
  if (pathEnd > end) return nameLike(text, start, pathEnd);
  return { kind: closed ? 'string' : 'unterminated', start, end };
}

function stringEnd(text: string, start: number): { end: number; closed: boolean } {
  const quote = text.charAt(start);
  let position = start + 1;
  while (position < text.length) {
    const character = text.charAt(position);
    if (character === quote) return { end: position + 1, closed: true };
    if (character === '\\') {
      const escape = escapeLength(text, position);
      if (escape === 0) break;
      position += escape;
    } else {
      position += 1;
    }
  }
  return { end: position, closed: false };
}

function escapeLength(text: string, position: number): number {
  const next = text.charAt(position + 1);
  if (next === '"' || next === "'" || next === '\\') return 2;
  return /^\\u[\da-fA-F]{4}$/.test(text.slice(position, position + 6)) ? 6 : 0;
}

function runEnd(pattern: RegExp, text: string, position: number): number {
  pattern.lastIndex = position;
  return pattern.test(text) ? pattern.lastIndex : position;
}
