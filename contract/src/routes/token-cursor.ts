import { routeFault } from './route-fault.ts';
import { tokenizeRoute } from './tokenize-route.ts';
import type { ContractError } from '../errors/contract-error.ts';
import type { RouteFaultCode } from './route-fault.ts';
import type { Token, TokenKind } from './tokenize-route.ts';

/** Walks over the tokens of a route. */
export interface TokenCursor {
  readonly text: string;
  peek(): Token;
  /** The offset behind the token that was taken last. */
  takenEnd(): number;
  take(): Token;
  /** Takes the next token if it is of this kind. */
  takeIf(kind: TokenKind): Token | undefined;
  /** Takes a token of this kind; `expected` says in words what belongs there. */
  expect(kind: TokenKind, expected: string): Token;
  textOf(token: Token): string;
  /** The error for a token that does not belong where it stands. */
  unexpected(token: Token, expected: string): ContractError;
  fault(code: RouteFaultCode, token: Token, reason: string): ContractError;
}

/** Cuts a text into tokens and stands before the first. */
export function createTokenCursor(text: string): TokenCursor {
  const tokens = tokenizeRoute(text);
  const end: Token = { kind: 'end', start: text.length, end: text.length };
  let index = 0;
  const peek = () => tokens[index] ?? end;
  const textOf = (token: Token) => text.slice(token.start, token.end);
  const fault = (code: RouteFaultCode, token: Token, reason: string) =>
    routeFault(text, { code, position: token.start, reason });
  const unexpected = (token: Token, expected: string) => {
    if (token.kind === 'end') return fault('UnexpectedEnd', token, `the route ends here, and ${expected} is missing`);
    if (token.kind === 'unterminated') {
      return fault('UnterminatedString', token, 'this string has no end: close it with the quote that it begins with');
    }
    const shown = shorten(textOf(token));
    if (token.kind === 'unknown')
      return fault('InvalidSymbol', token, `the character ${shown} has no meaning in routes`);
    return fault(
      'UnexpectedToken',
      token,
      `${expected} is expected here, not ${shown}${hintFor(token, textOf(token))}`,
    );
  };
  const take = () => {
    const token = peek();
    index += 1;
    return token;
  };
  return {
    text,
    peek,
    takenEnd: () => tokens[index - 1]?.end ?? 0,
    take,
    takeIf: (kind) => (peek().kind === kind ? take() : undefined),
    expect: (kind, expected) => {
      if (peek().kind !== kind) throw unexpected(peek(), expected);
      return take();
    },
    textOf,
    unexpected,
    fault,
  };
}

const MAX_SHOWN = 40;

function shorten(text: string): string {
  return JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
}

/** Explains what surprises people about how edgeHub cuts a route into words. */
function hintFor(token: Token, text: string): string {
  if (token.kind === 'path') return ' (brackets work only in the body: $body.name[0])';
  if (token.kind === 'name' && /^'.*'/s.test(text)) {
    return " (single quotes may stand in names, so this is one name: put a blank behind the closing quote, and escape quotes inside as \\')";
  }
  if (token.kind === 'name' && /[-+*%|!]/.test(text)) {
    return ' (names may hold operator signs, so this is one name: put blanks around operators)';
  }
  if ((token.kind === 'integer' || token.kind === 'real') && text.startsWith('-')) {
    return ' (the sign belongs to the number: put a blank behind it)';
  }
  return '';
}
