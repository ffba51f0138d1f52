import type { AcknowledgementPolicy } from '@edgewright/contract';
import type { Delivery } from '../hub/hub-session.ts';

/**
 * When a message is acknowledged to edgeHub, and so what a crash loses. One implementation for each policy; the module
 * changes from one to another while it runs.
 */
export interface Acknowledgement extends AsyncDisposable {
  readonly policy: AcknowledgementPolicy;
  /** Sees to a message from its delivery to its end, acknowledgement included. Never rejects. */
  take(delivery: Delivery): Promise<void>;
}
