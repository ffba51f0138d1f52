import { checkDocument, compileRoute, EdgeHubDesiredSchema } from '@edgewright/contract';
import type { CompiledRoute, RouteSink } from '@edgewright/contract';
import type { EdgeMessage } from './edge-message.ts';
import type { QueueTarget } from './stored-message.ts';

/** The priority of routes that name none. */
export const DEFAULT_PRIORITY = 2_000_000_000;

/** A place where routes lead; several routes may share it. */
export interface Endpoint {
  /** `$upstream`, or `modules/{module}/inputs/{input}`. */
  readonly name: string;
  readonly sink: RouteSink;
}

interface Route {
  readonly name: string;
  /** As the configuration has it. */
  readonly text: string;
  readonly compiled: CompiledRoute;
  readonly endpoint: string;
  readonly priority: number;
  /** Seconds; 0 stands for the configuration's own. */
  readonly timeToLiveSecs: number;
}

/** The routes of one configuration of edgeHub. Never changes; a new configuration makes a new table. */
export class RoutingTable {
  /** Nothing is routed anywhere: edgeHub before its first configuration. */
  static readonly empty = new RoutingTable([], -1, undefined);
  /** The most bytes that the queues may hold; undefined for no limit. */
  readonly maxStoreBytes: number | undefined;
  readonly endpoints: readonly Endpoint[];
  readonly #routes: readonly Route[];
  readonly #timeToLiveSecs: number;

  private constructor(routes: readonly Route[], timeToLiveSecs: number, maxStoreBytes: number | undefined) {
    this.#routes = routes;
    this.#timeToLiveSecs = timeToLiveSecs;
    this.maxStoreBytes = maxStoreBytes;
    this.endpoints = [...new Map(routes.map((route) => [route.endpoint, endpointOf(route.compiled.sink)])).values()];
  }

  /**
   * Compiles the desired properties of `$edgeHub`.
   *
   * @throws ContractError `InvalidDocument` or `InvalidRoute`; one bad route makes the whole configuration bad
   */
  static compile(desired: Readonly<Record<string, unknown>>): RoutingTable {
    // edgeHub ignores keys that it does not know
    const known = Object.fromEntries(
      ['schemaVersion', 'routes', 'storeAndForwardConfiguration']
        .filter((key) => desired[key] !== undefined)
        .map((key) => [key, desired[key]]),
    );
    const checked = checkDocument(EdgeHubDesiredSchema, known, 'the desired configuration of edgeHub');
    const routes = Object.entries(checked.routes).map(([name, entry]): Route => {
      const { route, priority, timeToLiveSecs } =
        typeof entry === 'string' ? { route: entry, priority: undefined, timeToLiveSecs: undefined } : entry;
      const compiled = compileRoute(route);
      return {
        name,
        text: route,
        compiled,
        endpoint: endpointOf(compiled.sink).name,
        priority: priority ?? DEFAULT_PRIORITY,
        timeToLiveSecs: timeToLiveSecs ?? 0,
      };
    });
    const { timeToLiveSecs, storeLimits } = checked.storeAndForwardConfiguration;
    return new RoutingTable(routes, timeToLiveSecs, storeLimits?.maxSizeBytes);
  }

  /** The routes by their names, with the endpoint that each leads to. */
  get routes(): { readonly name: string; readonly source: string; readonly endpoint: string }[] {
    return this.#routes.map(({ name, text, endpoint }) => ({ name, source: text, endpoint }));
  }

  /**
   * The routes that a message matches, and the queues that it belongs into: one for each endpoint that a route leads it to,
   * however many routes do.
   *
   * @param now milliseconds since 1970
   */
  route(message: EdgeMessage, now: number): { readonly routes: string[]; readonly targets: QueueTarget[] } {
    const chosen = new Map<string, Route>();
    const routes: string[] = [];
    for (const route of this.#routes) {
      if (route.compiled.evaluate(message) !== true) continue;
      routes.push(route.name);
      const other = chosen.get(route.endpoint);
      if (other === undefined || this.#precedes(route, other)) chosen.set(route.endpoint, route);
    }
    const targets = [...chosen.values()].map((route) => {
      const seconds = this.#secondsOf(route);
      return {
        endpoint: route.endpoint,
        priority: route.priority,
        expiresAt: seconds === Infinity ? undefined : now + seconds * 1000,
      };
    });
    return { routes, targets };
  }

  #precedes(route: Route, other: Route): boolean {
    if (route.priority !== other.priority) return route.priority < other.priority;
    return this.#secondsOf(route) > this.#secondsOf(other);
  }

  #secondsOf(route: Route): number {
    const seconds = route.timeToLiveSecs > 0 ? route.timeToLiveSecs : this.#timeToLiveSecs;
    return seconds < 0 ? Infinity : seconds;
  }
}

function endpointOf(sink: RouteSink): Endpoint {
  const name = sink.kind === 'upstream' ? '$upstream' : `modules/${sink.module}/inputs/${sink.input}`;
  return { name, sink };
}
