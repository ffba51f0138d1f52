const SHOWN_CHARACTERS = 40;

/** How files that people take for models begin. */
const signatures: readonly { readonly bytes: string; readonly at?: number; readonly what: string }[] = [
  { bytes: 'PK\x03\x04', what: 'a ZIP archive, as PyTorch (.pt) and Keras (.keras) write them' },
  { bytes: '\x89HDF', what: 'an HDF5 file, as Keras (.h5) writes it' },
  { bytes: '\x1f\x8b', what: 'a gzip archive' },
  { bytes: '\x28\xb5\x2f\xfd', what: 'a zstd archive' },
  { bytes: 'BZh', what: 'a bzip2 archive' },
  { bytes: 'ustar', at: 257, what: 'a tar archive' },
  { bytes: '\x80\x02', what: 'a Python pickle' },
  { bytes: '\x80\x03', what: 'a Python pickle' },
  { bytes: '\x80\x04', what: 'a Python pickle' },
  { bytes: '\x80\x05', what: 'a Python pickle' },
  { bytes: 'TFL3', at: 4, what: 'a TensorFlow Lite model' },
  { bytes: 'GGUF', what: 'a GGUF model' },
  { bytes: '\x7fELF', what: 'an ELF program' },
  { bytes: 'ORTM', at: 4, what: "a model in ONNX Runtime's own format (.ort)" },
  {
    bytes: 'version https://git-lfs',
    what: 'a Git LFS pointer: the file itself was not fetched (run "git lfs pull")',
  },
];

/**
 * Says in a few words what the beginning of a file is.
 *
 * @param head the first bytes; 512 are enough
 * @param sizeBytes the size of the file
 */
export function describeContent(head: Uint8Array, sizeBytes: number): string {
  if (sizeBytes === 0) return 'an empty file';
  const text = Buffer.from(head).toString('latin1');
  const known = signatures.find((signature) => text.startsWith(signature.bytes, signature.at ?? 0));
  if (known !== undefined) return known.what;
  if (head.every((byte) => byte === 0)) return 'nothing but zero bytes';
  const utf8 = Buffer.from(head)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
  const isText = !utf8.includes('\uFFFD') && head.every((byte) => byte >= 0x20 || isSpace(byte));
  if (isText) return `text that starts with ${JSON.stringify(utf8.trimStart().slice(0, SHOWN_CHARACTERS))}`;
  return `bytes that start with ${Buffer.from(head.subarray(0, 8)).toString('hex')}`;
}

/** Tab and the ends of lines and pages. */
function isSpace(byte: number): boolean {
  return byte >= 0x09 && byte <= 0x0d;
}
