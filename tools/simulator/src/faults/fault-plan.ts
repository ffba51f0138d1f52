import type { IdentityName } from '../hub/identity.ts';
import { SimulatorError } from '../simulator-error.ts';
import { checkFaultRequest } from './check-fault-request.ts';
import { suddenFaults } from './fault.ts';
import type { Fault, FaultKind, FaultRequest } from './fault.ts';

/** More than anyone can keep in mind. */
const MAX_FAULTS = 1000;

/** What becomes of a PUBACK. */
export type PubackFate = { readonly kind: 'send' | 'drop' } | { readonly kind: 'delay'; readonly delayMs: number };

/** How slow a client's link is, each direction on its own. */
export interface Link {
  readonly delayMs: number;
  readonly bytesPerSecond: number;
}

/** Carries out what happens at once; rejects when it cannot. */
export type FaultListener = (fault: Fault) => void | Promise<void>;

interface Kept {
  fault: Fault;
  /** Milliseconds since 1970; infinite when it lasts. */
  readonly until: number;
}

/** What is to go wrong: asked by whoever serves clients, told by whoever tests them. Kept in memory only. */
export class FaultPlan {
  readonly #now: () => number;
  readonly #kept = new Map<number, Kept>();
  readonly #listeners = new Set<FaultListener>();
  #lastId = 0;

  /** @param now the true time, in milliseconds since 1970 */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** How far the hub's clock is from the true one, in milliseconds. */
  get skewMs(): number {
    if (this.#kept.size === 0) return 0;
    return this.#active('clock-skew').reduce((sum, { fault }) => sum + (fault.skewMs ?? 0), 0);
  }

  /**
   * Makes something go wrong. What happens at once has happened when this resolves.
   *
   * @throws SimulatorError `SimulatorRequestInvalid`
   */
  async inject(request: FaultRequest): Promise<Fault> {
    const fault = this.#add(request);
    await this.#tell(fault);
    return fault;
  }

  /** Puts a lasting fault in the place of all others of its kind, or nothing. */
  replace(kind: FaultKind, request?: Omit<FaultRequest, 'kind'>): void {
    for (const { fault } of this.#active(kind)) this.#kept.delete(fault.id);
    if (request !== undefined) this.#add({ ...request, kind });
  }

  /** The faults in force, oldest first. */
  list(): Fault[] {
    this.#forget();
    return [...this.#kept.values()].map(({ fault }) => fault);
  }

  /**
   * Ends one fault, or all.
   *
   * @returns those that were in force
   * @throws SimulatorError `SimulatorRequestInvalid` when there is none with this id
   */
  async clear(id?: number): Promise<Fault[]> {
    const ended = this.list().filter((fault) => id === undefined || fault.id === id);
    if (id !== undefined && ended.length === 0) {
      throw new SimulatorError('SimulatorRequestInvalid', `no fault ${id} is in force; see \`sim fault list\``, {
        details: { id },
      });
    }
    for (const fault of ended) this.#kept.delete(fault.id);
    // a clock that goes right again matters as much as one that goes wrong
    for (const fault of ended) if (fault.kind === 'clock-skew') await this.#tell(fault);
    return ended;
  }

  /** Called with every fault when it begins, and with a skewed clock also when it ends. */
  listen(listener: FaultListener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  /** Asked once for each PUBACK that is due; counts. */
  puback(client: IdentityName): PubackFate {
    if (this.#kept.size === 0) return { kind: 'send' };
    if (this.#strike('drop-puback', client) !== undefined) return { kind: 'drop' };
    const delay = this.#strike('delay-puback', client);
    return delay === undefined ? { kind: 'send' } : { kind: 'delay', delayMs: delay.delayMs ?? 0 };
  }

  /** The link of a client, if it is slower than it could be. */
  link(client: IdentityName): Link | undefined {
    if (this.#kept.size === 0) return undefined;
    const slow = this.#active('slow-link').find(({ fault }) => concerns(fault, client))?.fault;
    if (slow === undefined) return undefined;
    return { delayMs: slow.delayMs ?? 0, bytesPerSecond: slow.bytesPerSecond ?? Infinity };
  }

  /** Asked once for each request that the hub could refuse; seconds to wait when it does, undefined when not. */
  throttle(): number | undefined {
    if (this.#kept.size === 0) return undefined;
    const [first] = this.#active('throttle');
    if (first === undefined) return undefined;
    this.#struck(first);
    const leftMs = first.until - this.#now();
    return Number.isFinite(leftMs) ? Math.max(1, Math.ceil(leftMs / 1000)) : 1;
  }

  #add(request: FaultRequest): Fault {
    checkFaultRequest(request);
    if (this.list().length >= MAX_FAULTS) {
      throw new SimulatorError('SimulatorRequestInvalid', `there are ${MAX_FAULTS} faults already; clear some first`);
    }
    this.#lastId += 1;
    const sudden = isSudden(request.kind);
    const since = new Date(this.#now()).toISOString();
    const fault: Fault = { ...request, id: this.#lastId, since, strikes: sudden ? 1 : 0 };
    if (!sudden) this.#kept.set(fault.id, { fault, until: this.#now() + (request.durationMs ?? Infinity) });
    return fault;
  }

  #strike(kind: FaultKind, client: IdentityName): Fault | undefined {
    const kept = this.#active(kind).find(({ fault }) => concerns(fault, client));
    if (kept === undefined) return undefined;
    this.#struck(kept);
    return kept.fault;
  }

  #struck(kept: Kept): void {
    kept.fault = { ...kept.fault, strikes: kept.fault.strikes + 1 };
  }

  #active(kind: FaultKind): Kept[] {
    this.#forget();
    return [...this.#kept.values()].filter(({ fault }) => fault.kind === kind);
  }

  #forget(): void {
    for (const [id, { fault, until }] of this.#kept) {
      if (until <= this.#now() || (fault.count !== undefined && fault.strikes >= fault.count)) this.#kept.delete(id);
    }
  }

  async #tell(fault: Fault): Promise<void> {
    for (const listener of this.#listeners) await listener(fault);
  }
}

/** Whether a fault strikes a device or module: those that name nobody strike everybody. */
export function concerns(fault: Partial<IdentityName>, client: IdentityName): boolean {
  if (fault.deviceId !== undefined && fault.deviceId !== client.deviceId) return false;
  return fault.moduleId === undefined || fault.moduleId === client.moduleId;
}

function isSudden(kind: FaultKind): boolean {
  return suddenFaults.some((sudden) => sudden === kind);
}
