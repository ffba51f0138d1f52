import type { OutputStream } from './cli-context.ts';

/** A text that stays in its place on a terminal while it changes. */
export class LiveText {
  readonly #stream: OutputStream;
  #lines = 0;

  constructor(stream: OutputStream) {
    this.#stream = stream;
  }

  /** Draws a text over the one before; no line of it may be wider than the terminal. */
  show(text: string): void {
    const back = this.#lines === 0 ? '' : `\u001B[${this.#lines}A`;
    // each line is cleared behind its text, and what is left of a longer text below
    this.#stream.write(`${back}\r${text.replaceAll('\n', '\u001B[K\n')}\u001B[K\n\u001B[J`);
    this.#lines = text.split('\n').length;
  }
}
