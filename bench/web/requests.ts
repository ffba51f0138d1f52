import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Load } from './load.ts';

/** A request to one server, without the server's address. */
export type Request = Pick<Load, 'headers' | 'bodyFile'> & { readonly path: string };

/** The requests of the bench, all with the same numbers. */
export interface Requests {
  /** Ten numbers as JSON, in the form of Azure ML, of the Open Inference Protocol, and bare. */
  readonly rows: Request;
  readonly rowsOip: Request;
  /** An image of 320 by 240 as bytes of the Open Inference Protocol, as its JSON, and as bytes alone. */
  readonly imageOipBinary: Request;
  readonly imageOipJson: Request;
  readonly imageBytes: Request;
}

export const IMAGE_SHAPE = [1, 3, 240, 320] as const;
export const MODEL_NAME = 'model';

const FEATURES = [0.04, 0.05, 0.06, 0.02, -0.04, -0.03, -0.04, 0, 0.02, -0.02];
const JSON_TYPE = { 'content-type': 'application/json' };
const BYTES_TYPE = { 'content-type': 'application/octet-stream' };

/** Writes the bodies into a folder. */
export async function writeRequests(folder: string): Promise<Requests> {
  const pixels = Float32Array.from({ length: 3 * 240 * 320 }, (_, at) => Math.sin(at) / 2);
  const bytes = Buffer.from(pixels.buffer);
  const header = Buffer.from(
    JSON.stringify({
      inputs: [{ name: 'input', shape: IMAGE_SHAPE, datatype: 'FP32', parameters: { binary_data_size: bytes.length } }],
      parameters: { binary_data_output: true },
    }),
  );
  const write = async (name: string, body: string | Uint8Array): Promise<string> => {
    const file = path.join(folder, name);
    await writeFile(file, body);
    return file;
  };
  const oip = (name: string, shape: readonly number[], data: readonly number[]): string =>
    JSON.stringify({ inputs: [{ name, shape, datatype: 'FP32', data }] });
  const infer = `/v2/models/${MODEL_NAME}/infer`;
  return {
    rows: { path: '/score', headers: JSON_TYPE, bodyFile: await write('rows.json', JSON.stringify({ data: [FEATURES] })) },
    rowsOip: { path: infer, headers: JSON_TYPE, bodyFile: await write('rows-oip.json', oip('features', [1, 10], FEATURES)) },
    imageOipBinary: {
      path: infer,
      headers: { ...BYTES_TYPE, 'inference-header-content-length': String(header.length) },
      bodyFile: await write('image-oip', Buffer.concat([header, bytes])),
    },
    imageOipJson: { path: infer, headers: JSON_TYPE, bodyFile: await write('image-oip.json', oip('input', IMAGE_SHAPE, [...pixels])) },
    imageBytes: { path: '/score', headers: { ...BYTES_TYPE, accept: 'application/octet-stream' }, bodyFile: await write('image', bytes) },
  };
} // prettier-ignore
