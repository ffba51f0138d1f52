const BLOCK_BYTES = 512;
/** What fits into the eleven octal digits of the size field: 8 GiB less one byte. */
const MAX_OCTAL_SIZE = 0o77777777777;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;

export interface TarHeader {
  readonly path: string;
  readonly type: 'directory' | 'file';
  /** Permission bits. */
  readonly mode: number;
  readonly sizeBytes: number;
}

/**
 * The header of one entry in the ustar format of POSIX.1-2001, preceded by an extended header (pax) when the path or the
 * size does not fit. Owner 0, group 0, no names of them, modified at 0: nothing of this machine or moment is in it.
 */
export function tarHeader(header: TarHeader): Uint8Array {
  const path = header.type === 'directory' ? `${header.path}/` : header.path;
  const place = splitPath(path);
  const extended = [
    ...(place === undefined ? [paxRecord('path', path)] : []),
    ...(header.sizeBytes > MAX_OCTAL_SIZE ? [paxRecord('size', String(header.sizeBytes))] : []),
  ].join('');
  const block = headerBlock({
    ...(place ?? { prefix: '', name: 'long-path' }),
    mode: header.mode,
    sizeBytes: header.sizeBytes > MAX_OCTAL_SIZE ? 0 : header.sizeBytes,
    typeflag: header.type === 'directory' ? '5' : '0',
  });
  if (extended === '') return block;
  const records = Buffer.from(extended);
  const pax = headerBlock({ prefix: '', name: 'pax-header', mode: 0o644, sizeBytes: records.length, typeflag: 'x' });
  return Buffer.concat([pax, records, tarPadding(records.length), block]);
}

/** The zero bytes that fill the last block of an entry. */
export function tarPadding(sizeBytes: number): Uint8Array {
  return new Uint8Array((BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES);
}

/** Two blocks of zeros: the end of an archive. */
export function tarEnd(): Uint8Array {
  return new Uint8Array(2 * BLOCK_BYTES);
}

/** A path as prefix and name, which stand in fields of their own; undefined when it does not fit, or is not ASCII. */
function splitPath(path: string): { prefix: string; name: string } | undefined {
  if (!/^[\x20-\x7e]*$/.test(path)) return undefined;
  if (path.length <= NAME_BYTES) return { prefix: '', name: path };
  // a folder ends with a slash, which must stay in the name
  for (let slash = path.lastIndexOf('/', path.length - 2); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    const name = path.slice(slash + 1);
    if (name.length > NAME_BYTES) return undefined;
    if (slash <= PREFIX_BYTES) return { prefix: path.slice(0, slash), name };
  }
  return undefined;
}

interface HeaderFields {
  readonly prefix: string;
  readonly name: string;
  readonly mode: number;
  readonly sizeBytes: number;
  readonly typeflag: '0' | '5' | 'x';
}

function headerBlock(fields: HeaderFields): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(fields.name, 0, 'latin1');
  octal(fields.mode, 8).copy(block, 100);
  octal(0, 8).copy(block, 108);
  octal(0, 8).copy(block, 116);
  octal(fields.sizeBytes, 12).copy(block, 124);
  octal(0, 12).copy(block, 136);
  block.write(fields.typeflag, 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  block.write(fields.prefix, 345, 'latin1');
  // the checksum counts its own field as spaces
  block.write('        ', 148, 'latin1');
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  block.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** A number as a field of `length` bytes: octal digits and a zero byte. */
function octal(value: number, length: number): Buffer {
  return Buffer.from(`${value.toString(8).padStart(length - 1, '0')}\0`, 'latin1');
}

/** `<length> <key>=<value>\n`, where the length counts its own digits. */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + 1;
  while (String(length).length + rest !== length) length = String(length).length + rest;
  return `${length} ${key}=${value}\n`;
}
