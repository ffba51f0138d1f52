import { randomUUID } from 'node:crypto';
import type { MethodResult } from '../hub/direct-method.ts';
import { SimulatorError } from '../simulator-error.ts';
import type { MethodRequest } from './client.ts';

/** The status that a reply without a readable one counts as. */
const GENERIC_BAD_REQUEST = 400_000;

/** The method calls of one client that wait for their reply. */
export class PendingMethods {
  readonly #client: string;
  readonly #replies = new Map<string, (result: MethodResult) => void>();

  constructor(client: string) {
    this.#client = client;
  }

  /**
   * Sends a call and waits for its reply.
   *
   * @param send gets the id that the reply will carry
   * @throws SimulatorError `SimulatedTargetTimeout` without a reply in time
   */
  async call(request: MethodRequest, send: (requestId: string) => void): Promise<MethodResult> {
    const requestId = randomUUID();
    const reply = Promise.withResolvers<MethodResult>();
    const timer = setTimeout(() => reply.reject(this.#timeout(request)), request.responseTimeoutMs);
    this.#replies.set(requestId, reply.resolve);
    try {
      send(requestId);
      return await reply.promise;
    } finally {
      clearTimeout(timer);
      this.#replies.delete(requestId);
    }
  }

  /** Takes a reply; false when nobody waits for it. Request ids are compared without regard to case. */
  reply(requestId: string, status: string, payload: Buffer): boolean {
    const resolve = this.#replies.get(requestId.toLowerCase());
    if (resolve === undefined) return false;
    const isReadable = /^[+-]?\d{1,9}$/.test(status.trim());
    resolve(
      isReadable
        ? { status: Number(status), payload: jsonOf(payload) }
        : { status: GENERIC_BAD_REQUEST, payload: undefined },
    );
    return true;
  }

  #timeout({ methodName, responseTimeoutMs }: MethodRequest): SimulatorError {
    return new SimulatorError(
      'SimulatedTargetTimeout',
      `"${this.#client}" did not answer the method "${methodName}" within ${responseTimeoutMs} ms`,
      { details: { client: this.#client, methodName, responseTimeoutMs, hubError: 'GatewayTimeout' } },
    );
  }
}

function jsonOf(payload: Buffer): unknown {
  if (payload.length === 0) return undefined;
  try {
    return JSON.parse(payload.toString('utf8')) as unknown;
  } catch {
    // a reply that is not JSON is passed on as text
    return payload.toString('utf8');
  }
}
