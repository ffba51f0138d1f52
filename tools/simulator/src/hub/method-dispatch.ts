import { messageOf } from '@edgewright/contract';
import type { MethodCall, MethodHandler, MethodResult } from './direct-method.ts';
import { hubFault } from './hub-fault.ts';
import { identityText } from './identity.ts';
import type { IdentityName } from './identity.ts';
import { SimulatorError } from '../simulator-error.ts';

/** IoT Hub's default for the answer; it does not wait for a connection unless asked to. */
const DEFAULT_RESPONSE_TIMEOUT_MS = 30_000;

/** Brings direct methods to whoever listens for them. */
export class MethodDispatch {
  readonly #handlers = new Map<string, MethodHandler>();
  readonly #arrivals = new Map<string, Set<() => void>>();

  /** The newest handler of an identity is the one that is called, as a second connection takes over from the first. */
  attach(name: IdentityName, handler: MethodHandler): Disposable {
    const key = identityText(name);
    this.#handlers.set(key, handler);
    for (const arrived of this.#arrivals.get(key) ?? []) arrived();
    return {
      [Symbol.dispose]: () => {
        if (this.#handlers.get(key) === handler) this.#handlers.delete(key);
      },
    };
  }

  /**
   * @throws SimulatorError `SimulatedTargetOffline` when nobody listens within the connect timeout, `SimulatedTargetTimeout`
   * when there is no answer within the response timeout
   */
  async invoke(call: MethodCall): Promise<MethodResult> {
    const connectTimeoutMs = call.connectTimeoutMs ?? 0;
    const responseTimeoutMs = call.responseTimeoutMs ?? DEFAULT_RESPONSE_TIMEOUT_MS;
    const handler = await this.#handler(call, connectTimeoutMs);
    const deadline = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      deadline.reject(
        hubFault(
          'GatewayTimeout',
          `"${identityText(call)}" did not answer the method "${call.methodName}" within ${responseTimeoutMs} ms`,
          { ...namesOf(call), responseTimeoutMs },
        ),
      );
    }, responseTimeoutMs);
    const abort = () => deadline.reject(call.signal?.reason);
    call.signal?.addEventListener('abort', abort, { once: true });
    try {
      call.signal?.throwIfAborted();
      const answer = handler(call.methodName, call.payload ?? null, { connectTimeoutMs, responseTimeoutMs });
      return await Promise.race([answer, deadline.promise]);
    } catch (cause) {
      if (cause instanceof SimulatorError || call.signal?.aborted === true) throw cause;
      throw hubFault(
        'DeviceNotOnline',
        `cannot call the method "${call.methodName}" of "${identityText(call)}": ${messageOf(cause)}`,
        namesOf(call),
      );
    } finally {
      clearTimeout(timer);
      call.signal?.removeEventListener('abort', abort);
    }
  }

  async #handler(call: MethodCall, connectTimeoutMs: number): Promise<MethodHandler> {
    const key = identityText(call);
    if (!this.#handlers.has(key) && connectTimeoutMs > 0) await this.#arrival(key, connectTimeoutMs, call.signal);
    const handler = this.#handlers.get(key);
    if (handler !== undefined) return handler;
    throw hubFault(
      'DeviceNotOnline',
      `cannot call the method "${call.methodName}" of "${key}": it is not connected, or does not listen for methods (waited ${connectTimeoutMs} ms)`,
      { ...namesOf(call), connectTimeoutMs },
    );
  }

  async #arrival(key: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = this.#arrivals.get(key) ?? new Set();
    this.#arrivals.set(key, waiting.add(resolve));
    const timer = setTimeout(resolve, timeoutMs);
    signal?.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    clearTimeout(timer);
    waiting.delete(resolve);
    if (waiting.size === 0) this.#arrivals.delete(key);
    signal?.throwIfAborted();
  }
}

function namesOf(call: MethodCall) {
  return { deviceId: call.deviceId, moduleId: call.moduleId, methodName: call.methodName };
}
