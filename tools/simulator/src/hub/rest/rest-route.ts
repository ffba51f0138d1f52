import type { JsonRoute } from '../../http/json-route.ts';
import type { Permission } from '../shared-access-policies.ts';

/** One operation of the service API. */
export interface RestRoute extends JsonRoute {
  /** A policy needs one of these. */
  readonly permissions: readonly Permission[];
}
