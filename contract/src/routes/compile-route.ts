import { ContractError } from '../errors/contract-error.ts';
import type { RouteMessage } from './route-message.ts';

/** Where a route delivers. */
export type RouteSink =
  | { readonly kind: 'upstream' }
  | { readonly kind: 'module'; readonly module: string; readonly input: string };

/** The truth values of conditions: `undefined` is the language's own third value, and a route takes a message only on `true`. */
export type RouteTruth = true | false | undefined;

/** A route that compiled. */
export interface CompiledRoute {
  /** The route as it was written. */
  readonly text: string;
  /** The source path without blanks and comments, such as `/messages/modules/sensor/outputs/*`. */
  readonly source: string;
  readonly sink: RouteSink;
  /** The text of the condition; absent when there is none. */
  readonly condition?: string;
  /** Whether a message of this source would be looked at, whatever the condition. */
  matchesSource(source: string): boolean;
  /** False when the source does not match; else the truth of the condition. Never throws. */
  evaluate(message: RouteMessage): RouteTruth;
}

/** What the details of an `InvalidRoute` error hold. */
export interface RouteErrorDetails {
  /** The kind of fault: a stable word, such as `UnexpectedToken`. */
  readonly code: string;
  /** Offset of the fault in the text, from 0, in UTF-16 units. */
  readonly position: number;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/**
 * Compiles a route as edgeHub does.
 *
 * @throws ContractError `InvalidRoute`; its details are {@link RouteErrorDetails}, its message shows the place
 */
export function compileRoute(text: string): CompiledRoute {
  throw new ContractError('InvalidRoute', `cannot compile the route ${JSON.stringify(text)}: not built yet`);
}
