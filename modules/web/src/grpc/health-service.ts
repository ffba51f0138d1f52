import type { sendUnaryData, ServerUnaryCall, ServerWritableStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Grpc } from './grpc-runtime.ts';
import { serviceNames } from './service-descriptors.ts';

interface HealthCheckRequest {
  readonly service: string;
}

type Watcher = ServerWritableStream<HealthCheckRequest, object>;

const KNOWN: readonly string[] = ['', serviceNames.inference];

/** gRPC's health protocol: what is here serves, until it is told to stop. */
export class HealthService {
  readonly #grpc: Grpc;
  readonly #watchers = new Set<Watcher>();
  #isServing = true;

  constructor(grpc: Grpc) {
    this.#grpc = grpc;
  }

  get handlers(): UntypedServiceImplementation {
    return {
      Check: (call: ServerUnaryCall<HealthCheckRequest, object>, done: sendUnaryData<object>) => {
        const { service } = call.request;
        if (KNOWN.includes(service)) done(null, { status: this.#status });
        else done({ code: this.#grpc.status.NOT_FOUND, details: `there is no service "${service}"; there is ${serviceNames.inference}` });
      },
      Watch: (call: Watcher) => {
        const isKnown = KNOWN.includes(call.request.service);
        call.write({ status: isKnown ? this.#status : 'SERVICE_UNKNOWN' });
        if (isKnown) this.#watchers.add(call);
        call.on('cancelled', () => this.#watchers.delete(call));
      },
    };
  } // prettier-ignore

  /** Tells those who watch, and whoever asks from now on, to go elsewhere. */
  stopServing(): void {
    if (!this.#isServing) return;
    this.#isServing = false;
    for (const watcher of this.#watchers) watcher.write({ status: this.#status });
  }

  /** Ends the calls of those who watch: they would hold the server open. */
  close(): void {
    this.stopServing();
    for (const watcher of this.#watchers) watcher.end();
    this.#watchers.clear();
  }

  get #status(): string {
    return this.#isServing ? 'SERVING' : 'NOT_SERVING';
  }
}
