import type { SimulatorError } from '../../simulator-error.ts';
import { queryFailure } from './query-failure.ts';
import { tokenize } from './query-lexer.ts';
import type { Token } from './query-lexer.ts';

/** Parentheses and the like may be nested so deep; it keeps the parser from running out of stack. */
const MAX_DEPTH = 100;

/** The tokens of a query, one after the other. Words of the language are recognised in any case. */
export class TokenReader {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #position = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  get next(): Token {
    const token = this.#tokens[Math.min(this.#position, this.#tokens.length - 1)];
    if (token === undefined) throw new TypeError('a query without an end');
    return token;
  }

  take(): Token {
    const token = this.next;
    this.#position += 1;
    return token;
  }

  /** True when a word of the language comes next, which is not taken. */
  sees(...words: readonly string[]): boolean {
    const { kind, text } = this.next;
    return kind === 'name' && words.includes(text.toUpperCase());
  }

  seesSymbol(...symbols: readonly string[]): boolean {
    return this.next.kind === 'symbol' && symbols.includes(this.next.text);
  }

  /** True when the name after next is followed by an opening parenthesis: it is a call. */
  get seesCall(): boolean {
    const after = this.#tokens[this.#position + 1];
    return this.next.kind === 'name' && after?.kind === 'symbol' && after.text === '(';
  }

  /** Takes a word of the language if it comes next. */
  skip(word: string): boolean {
    if (!this.sees(word)) return false;
    this.#position += 1;
    return true;
  }

  skipSymbol(symbol: string): boolean {
    if (!this.seesSymbol(symbol)) return false;
    this.#position += 1;
    return true;
  }

  expect(word: string): void {
    if (!this.skip(word)) throw this.unexpected(word);
  }

  expectSymbol(symbol: string): void {
    if (!this.skipSymbol(symbol)) throw this.unexpected(`"${symbol}"`);
  }

  /** Runs `parse` one level deeper. */
  nested<Result>(parse: () => Result): Result {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw this.failure(this.next.at, `it is nested deeper than ${MAX_DEPTH} levels`);
    const result = parse();
    this.#depth -= 1;
    return result;
  }

  unexpected(wanted: string): SimulatorError {
    const { kind, text, at } = this.next;
    return this.failure(at, `expected ${wanted}, found ${kind === 'end' ? text : `"${text}"`}`);
  }

  failure(at: number, reason: string): SimulatorError {
    return queryFailure(this.#text, at, reason);
  }
}
