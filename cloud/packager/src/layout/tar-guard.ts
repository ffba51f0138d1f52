/** Of the members of an archive that only describe the next one. */
const MAX_EXTENDED_BYTES = 1024 * 1024;
const BLOCK = 512;
/** Extended headers of pax (for one member and for all), and GNU's long names and links. */
const EXTENDED: ReadonlySet<string> = new Set(['x', 'g', 'L', 'K']);

/** What an archive may be. */
export interface TarLimits {
  /** Of all headers and members together, unpacked. */
  readonly totalBytes: number;
}

/**
 * Passes a tar archive on, and breaks off where it would harm who reads it: readers hold a whole extended header in memory,
 * and its size is what the archive says it is; and an archive that was compressed may have no end.
 *
 * @throws RangeError
 */
export function tarGuard({ totalBytes }: TarLimits) {
  return async function* guard(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
    const walk = new TarWalk();
    let total = 0;
    for await (const chunk of chunks) {
      total += chunk.length;
      if (total > totalBytes) throw new RangeError(`it unpacks to more than ${totalBytes} bytes`);
      walk.take(chunk);
      yield chunk;
    }
  };
}

/** Follows the headers of an archive over pieces of any length. */
class TarWalk {
  #held = Buffer.alloc(0);
  /** Bytes until the next header. */
  #skip = 0;
  /** Of an extended header whose text is being gathered, with padding. */
  #extended: { readonly type: string; readonly sizeBytes: number; readonly padded: number } | undefined;
  /** From a pax header: what the next member's own header is too short for. */
  #nextSize: number | undefined;

  take(chunk: Buffer): void {
    let rest = chunk;
    for (;;) {
      const skipped = Math.min(this.#skip, rest.length);
      this.#skip -= skipped;
      rest = rest.subarray(skipped);
      const wanted = (this.#extended?.padded ?? BLOCK) - this.#held.length;
      this.#held = Buffer.concat([this.#held, rest.subarray(0, wanted)]);
      if (rest.length < wanted) return;
      rest = rest.subarray(wanted);
      const whole = this.#held;
      this.#held = Buffer.alloc(0);
      this.#read(whole);
    }
  }

  #read(whole: Buffer): void {
    if (this.#extended !== undefined) {
      const { type, sizeBytes } = this.#extended;
      this.#extended = undefined;
      const size =
        type === 'x' ? /(?:^|\n)\d+ size=(\d+)\n/.exec(whole.toString('latin1', 0, sizeBytes))?.[1] : undefined;
      if (size !== undefined) this.#nextSize = Number(size);
      return;
    }
    const type = String.fromCodePoint(whole[156] ?? 0);
    const sizeBytes = sizeIn(whole);
    const padded = Math.ceil(sizeBytes / BLOCK) * BLOCK;
    if (!EXTENDED.has(type)) {
      this.#skip = this.#nextSize === undefined ? padded : Math.ceil(this.#nextSize / BLOCK) * BLOCK;
      this.#nextSize = undefined;
    } else if (sizeBytes > MAX_EXTENDED_BYTES) {
      throw new RangeError(
        `it has an extended header of ${sizeBytes} bytes, and at most ${MAX_EXTENDED_BYTES} are taken`,
      );
    } else if (padded > 0) {
      this.#extended = { type, sizeBytes, padded };
    }
  }
}

/** Octal digits, or a number to the base of 256 where the first bit is set (GNU); what is neither is no size. */
function sizeIn(header: Buffer): number {
  const field = header.subarray(124, 136);
  if (((field[0] ?? 0) & 0x80) !== 0) {
    const size = Number(BigInt(`0x${field.subarray(4).toString('hex')}`));
    if (Number.isSafeInteger(size)) return size;
    throw new RangeError('it has a member whose size is no number');
  }
  const digits = /^[ 0]*([0-7]*)/.exec(field.toString('latin1'))?.[1] ?? '';
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}
