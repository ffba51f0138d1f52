/** A file inside an uncompressed tar archive. */
export interface TarMember {
  readonly path: string;
  /** Where its bytes begin in the archive. */
  readonly offset: number;
  readonly sizeBytes: number;
}

const BLOCK = 512;
/** An archive with more is none of ours, and would cost a request for each. */
const MAX_HEADERS = 1000;
/** A path in a header of its own (pax, GNU) is longer than 100 bytes, and this long at most. */
const MAX_PATH_BYTES = 65_536;

/**
 * Lists the files of a tar archive (POSIX.1-2001, ustar with pax) by its headers alone, so that one file can be fetched out of an
 * archive that is far away.
 *
 * @param read gives bytes of the archive; fewer where it ends
 * @throws RangeError when it is no such archive
 */
export async function tarMembers(read: (offset: number, length: number) => Promise<Buffer>): Promise<TarMember[]> {
  const members: TarMember[] = [];
  let said: { path?: string | undefined; size?: string | undefined } = {};
  let offset = 0;
  for (let headers = 0; headers < MAX_HEADERS; headers += 1) {
    const header = await read(offset, BLOCK);
    if (header.length < BLOCK || header.every((byte) => byte === 0)) return members;
    checkSum(header);
    const sizeBytes = Number(said.size ?? sizeIn(header));
    const type = String.fromCharCode(header[156] ?? 0);
    const data = offset + BLOCK;
    if (type === 'x' || type === 'L') {
      if (sizeBytes > MAX_PATH_BYTES) throw new RangeError(`a header of ${sizeBytes} bytes is no path`);
      const text = await read(data, sizeBytes);
      said = { ...said, ...(type === 'L' ? { path: textOf(text) } : paxRecords(text.toString('utf8'))) };
    } else {
      if (type === '0' || type === '\0') members.push({ path: said.path ?? pathIn(header), offset: data, sizeBytes });
      said = {};
    }
    offset = data + Math.ceil(sizeBytes / BLOCK) * BLOCK;
  }
  throw new RangeError(`the archive has more than ${MAX_HEADERS} files`);
}

function pathIn(header: Buffer): string {
  const prefix = textOf(header.subarray(345, 500));
  const name = textOf(header.subarray(0, 100));
  return prefix === '' ? name : `${prefix}/${name}`;
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

/** Octal digits, or for large files two's complement with the highest bit set (GNU). */
function sizeIn(header: Buffer): number {
  const field = header.subarray(124, 136);
  if ((field[0] ?? 0) & 0x80) return field.readUIntBE(6, 6);
  const size = Number.parseInt(textOf(field).trim() || '0', 8);
  if (!Number.isSafeInteger(size)) throw new RangeError('a header has no size');
  return size;
}

/** Of the records `LENGTH KEY=VALUE` those that matter here. */
function paxRecords(text: string): { path?: string | undefined; size?: string | undefined } {
  const path = /^\d+ path=(.*)$/m.exec(text)?.[1];
  const size = /^\d+ size=(\d+)$/m.exec(text)?.[1];
  return { ...(path === undefined ? {} : { path }), ...(size === undefined ? {} : { size }) };
}

function checkSum(header: Buffer): void {
  const found = Number.parseInt(textOf(header.subarray(148, 156)).trim(), 8);
  let sum = 0;
  header.forEach((byte, at) => (sum += at >= 148 && at < 156 ? 0x20 : byte));
  if (found !== sum) throw new RangeError('a header has the wrong check sum');
}
