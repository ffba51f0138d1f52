import { InferenceSession, Tensor } from 'onnxruntime-node';
import { inputOf } from './models.ts';
import type { BenchModel } from './models.ts';

/** The bare runtime, as one would use it without edgewright: one thread of JavaScript, one run after the other. */
export class RawSession implements AsyncDisposable {
  readonly #session: InferenceSession;
  readonly #model: BenchModel;

  private constructor(session: InferenceSession, model: BenchModel) {
    this.#session = session;
    this.#model = model;
  }

  static async open(model: BenchModel, threads = 1): Promise<RawSession> {
    const options = { intraOpNumThreads: threads, interOpNumThreads: 1 };
    return new RawSession(await InferenceSession.create(model.path, options), model);
  }

  async run(): Promise<void> {
    const feeds: Record<string, Tensor> = {};
    for (const [name, { data, shape }] of Object.entries(inputOf(this.#model))) {
      feeds[name] = new Tensor('float32', data as Float32Array, shape);
    }
    await this.#session.run(feeds);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.release();
  }
}
