import { setTimeout as pause } from 'node:timers/promises';
import type { OutgoingMessage } from '../sending/outgoing-message.ts';
import { SimulatorError } from '../simulator-error.ts';
import type { ReplayRequest, ReplayResult, SimulatorClient } from '../simulator-client.ts';
import { readRecording } from './read-recording.ts';
import type { RecordedMessage } from './read-recording.ts';
import { ReplayLane } from './replay-lane.ts';

/** Each has a connection of its own. */
const MAX_SENDERS = 200;
/** Messages of one sender that wait for their confirmation at once. */
const IN_FLIGHT = 16;
/** `setTimeout` takes no longer wait than this. */
const MAX_PAUSE_MS = 2 ** 31 - 1;

type Target = Pick<SimulatorClient, 'device' | 'createDevice' | 'send'>;

/**
 * Sends the messages of a recording again, each as the device or module that sent it, in the rhythm in which they came or faster.
 * Memory is bounded, however long the recording is.
 *
 * @throws SimulatorError `SimulatorRequestInvalid`, `SimulatedDeviceNotFound`, `SimulatedTargetTimeout`
 */
export async function replay(simulator: Target, request: ReplayRequest): Promise<ReplayResult> {
  const { speed = 1 } = request;
  if (speed !== 'max' && !(speed > 0 && Number.isFinite(speed))) {
    throw new SimulatorError('SimulatorRequestInvalid', `cannot replay with speed ${speed}: expected a number above 0`);
  }
  await using replaying = new Replaying(simulator, request);
  const began = performance.now();
  let first: { readonly at: number; readonly began: number } | undefined;
  for await (const message of readRecording(request.chunks, request.source ?? 'the recording')) {
    if (message.at !== undefined && speed !== 'max') {
      first ??= { at: message.at, began: performance.now() };
      await replaying.until(first.began + (message.at - first.at) / speed);
    }
    await replaying.send(message);
  }
  await replaying.finish();
  return { ...replaying.result, durationMs: performance.now() - began };
}

interface Sender {
  readonly lane: ReplayLane;
  readonly done: Promise<void>;
}

class Replaying implements AsyncDisposable {
  readonly #simulator: Target;
  readonly #request: ReplayRequest;
  readonly #senders = new Map<string, Sender>();
  readonly #ended = new AbortController();
  readonly #failed = Promise.withResolvers<never>();
  readonly #signal: AbortSignal;
  #confirmed = 0;
  #resent = 0;

  constructor(simulator: Target, request: ReplayRequest) {
    this.#simulator = simulator;
    this.#request = request;
    this.#signal = AbortSignal.any([this.#ended.signal, ...(request.signal === undefined ? [] : [request.signal])]);
    this.#failed.promise.catch(() => {});
  }

  get result(): { confirmed: number; resent: number; senders: number } {
    return { confirmed: this.#confirmed, resent: this.#resent, senders: this.#senders.size };
  }

  /** Waits until a time of `performance.now()`. */
  async until(time: number): Promise<void> {
    for (let left = time - performance.now(); left > 0; left = time - performance.now()) {
      const waited = pause(Math.min(left, MAX_PAUSE_MS), undefined, { signal: this.#signal });
      await Promise.race([waited, this.#failed.promise]);
    }
  }

  async send(message: RecordedMessage): Promise<void> {
    this.#signal.throwIfAborted();
    const sender = await this.#senderOf(message);
    await Promise.race([sender.lane.put(outgoing(message)), this.#failed.promise]);
  }

  /** Settles when everything is confirmed. */
  async finish(): Promise<void> {
    for (const { lane } of this.#senders.values()) lane.close();
    await Promise.race([Promise.all([...this.#senders.values()].map(({ done }) => done)), this.#failed.promise]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new DOMException('the replay has ended', 'AbortError'));
    for (const { lane } of this.#senders.values()) lane.close();
    await Promise.allSettled([...this.#senders.values()].map(({ done }) => done));
  }

  async #senderOf(message: RecordedMessage): Promise<Sender> {
    const { deviceId = message.deviceId, moduleId = message.moduleId } = this.#request;
    const name = JSON.stringify([deviceId, moduleId]);
    const known = this.#senders.get(name);
    if (known !== undefined) return known;
    if (this.#senders.size >= MAX_SENDERS) {
      throw new SimulatorError('SimulatorRequestInvalid', `cannot replay for more than ${MAX_SENDERS} senders at once`);
    }
    await this.#makeDevice(deviceId, moduleId);
    const lane = new ReplayLane();
    const sending = this.#simulator.send({
      deviceId,
      ...(moduleId !== undefined && { moduleId }),
      messages: lane,
      inFlight: IN_FLIGHT,
      signal: this.#signal,
      onConfirmed: () => {
        this.#confirmed += 1;
        this.#request.onConfirmed?.(this.#confirmed);
      },
    });
    const done = sending.then(
      ({ resent }) => {
        this.#resent += resent;
      },
      (error: unknown) => this.#failed.reject(error),
    );
    const sender = { lane, done };
    this.#senders.set(name, sender);
    return sender;
  }

  /** A device that is not there is made where that was asked for: with modules an edge device. */
  async #makeDevice(deviceId: string, moduleId: string | undefined): Promise<void> {
    if (this.#request.create !== true) {
      await this.#simulator.device(deviceId);
      return;
    }
    try {
      await this.#simulator.device(deviceId);
    } catch {
      await this.#simulator.createDevice({ deviceId, edge: moduleId !== undefined });
    }
  }
}

function outgoing({ body, properties, systemProperties }: RecordedMessage): OutgoingMessage {
  const { outputName, messageId, cid, contentType, contentEncoding } = systemProperties;
  return {
    body,
    properties,
    output: outputName ?? null,
    ...(messageId !== undefined && { messageId }),
    ...(cid !== undefined && { correlationId: cid }),
    ...(contentType !== undefined && { contentType }),
    ...(contentEncoding !== undefined && { contentEncoding }),
  };
}
