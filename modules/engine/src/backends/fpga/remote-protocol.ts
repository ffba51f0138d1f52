import type { RemoteModel } from '@edgewright/contract';
import type { NamedTensors } from '../../tensor.ts';

/** One of the protocols: what is called, with what, and how the answer is read. */
export interface RemoteProtocol {
  /** Message types and service in the JSON form of protobufjs. */
  readonly descriptor: object;
  /** The full name of the service, with its package. */
  readonly service: string;
  readonly method: string;
  encode(description: RemoteModel, inputs: NamedTensors): object;
  /** @throws EngineError `AcceleratorFailed` */
  decode(description: RemoteModel, answer: unknown): NamedTensors;
}
