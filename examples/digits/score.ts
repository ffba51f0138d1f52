import type { EntryContext, EntryRequest, Tensor } from 'edgewright';

/** What a caller of `/score` sends: PNG, JPEG or WebP files of one digit each, in base64. */
interface Request {
  readonly images: readonly string[];
}

/** A digit that was seen, and how sure the network is, from 0 to 1. */
interface Seen {
  readonly digit: number;
  readonly probability: number;
}

const CLASSES = 10;

let context: EntryContext;

/** Called once in each worker, before the first request. */
export function init(given: EntryContext): void {
  context = given;
}

/** Called for each request: reads all images into one batch and scores it in one run of the model. */
export async function run(data: Request, request: EntryRequest): Promise<{ digits: Seen[] }> {
  if (!Array.isArray(data.images) || !data.images.every((image) => typeof image === 'string')) {
    throw request.invalid('send {"images": [...]}, image files in base64');
  }
  if (data.images.length === 0) return { digits: [] };
  const tensors = await Promise.all(
    data.images.map(async (image) => context.decodeImage(Buffer.from(image, 'base64'))),
  );
  const { probabilities } = await context.models.get().run({ image: batchOf(tensors) });
  const values = probabilities?.data as Float32Array;
  return { digits: tensors.map((_, i) => mostLikely(values.subarray(i * CLASSES, (i + 1) * CLASSES))) };
}

/** Images of one shape behind one another; the model says where channels are, so their shape is taken as it comes. */
function batchOf(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  const size = first?.data.length ?? 0;
  const data = new Float32Array(tensors.length * size);
  tensors.forEach((tensor, i) => data.set(tensor.data as Float32Array, i * size));
  return { datatype: 'FP32', shape: [tensors.length, ...(first?.shape.slice(1) ?? [])], data };
}

function mostLikely(probabilities: Float32Array): Seen {
  const probability = Math.max(...probabilities);
  return { digit: probabilities.indexOf(probability), probability };
}
