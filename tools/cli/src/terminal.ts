import type { EventSink, ProgressEvent } from '@edgewright/contract';
import type { CliContext, OutputStream } from './cli-context.ts';

export type OutputFormat = 'table' | 'json';

const BAR_WIDTH = 24;
/** A terminal that is told more often than this only flickers. */
const REDRAW_MS = 80;

/**
 * Everything that the command prints goes through here: results to stdout, in the format the user chose; progress, prose and
 * failures to stderr. With `--output json` stdout gets one JSON document and nothing else.
 */
export class Terminal {
  readonly #stdout: OutputStream;
  readonly #stderr: OutputStream;
  format: OutputFormat = 'table';
  quiet = false;
  #barShown = false;
  #lastDrawn = 0;
  #resultPrinted = false;

  constructor(context: Pick<CliContext, 'stdout' | 'stderr'>) {
    this.#stdout = context.stdout;
    this.#stderr = context.stderr;
  }

  /** The one result of a verb: JSON, or the text for people. */
  result(value: unknown, text: () => string): void {
    this.#clearBar();
    this.#resultPrinted = true;
    if (this.format === 'json') this.#stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    else {
      const shown = text();
      if (shown !== '') this.#stdout.write(`${shown}\n`);
    }
  }

  get hasResult(): boolean {
    return this.#resultPrinted;
  }

  /** One line of a stream of results (`sim monitor`): always to stdout, never mixed with prose. */
  line(text: string): void {
    this.#stdout.write(`${text}\n`);
  }

  /** Prose for people, on stderr. */
  say(text: string): void {
    if (this.quiet) return;
    this.#clearBar();
    this.#stderr.write(`${text}\n`);
  }

  /** A failure; shown even when quiet. */
  fail(text: string): void {
    this.#clearBar();
    this.#stderr.write(`${text}\n`);
  }

  /** Shows what the parts of edgewright report while they work. */
  readonly events: EventSink = (event) => {
    if (this.quiet) return;
    if (event.state === 'progress') this.#drawBar(event);
    else if (event.state !== 'started') this.say(`${event.state === 'failed' ? 'failed: ' : ''}${event.text}`);
  };

  #drawBar(event: ProgressEvent): void {
    if (this.#stderr.isTTY !== true) return;
    const now = Date.now();
    const { completed = 0, total = 0 } = event;
    if (now - this.#lastDrawn < REDRAW_MS && completed < total) return;
    this.#lastDrawn = now;
    const share = total > 0 ? Math.min(1, completed / total) : 0;
    const filled = Math.round(share * BAR_WIDTH);
    const bar =
      total > 0 ? `[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}] ${Math.round(share * 100)}% ` : '';
    const width = this.#stderr.columns ?? 80;
    this.#stderr.write(`\r\u001B[2K${`${bar}${event.text}`.slice(0, width - 1)}`);
    this.#barShown = true;
  }

  #clearBar(): void {
    if (!this.#barShown) return;
    this.#stderr.write('\r\u001B[2K');
    this.#barShown = false;
  }
}
