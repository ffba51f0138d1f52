/** What an edge module may be told when it starts. What can change while it runs stands in its twin's desired properties. */
export interface EdgeSettings {
  /** Milliseconds without a connection after which the module gives up. Default 600 000. */
  readonly hubDeadlineMs: number;
  /** Milliseconds for one attempt to connect, token and subscriptions included. Default 90 000. */
  readonly connectTimeoutMs: number;
  /** Milliseconds for one twin request. Default 30 000. */
  readonly twinTimeoutMs: number;
  /** Milliseconds until an output that edgeHub has not confirmed counts as failed. Default 30 000. */
  readonly sendTimeoutMs: number;
  /** Milliseconds that closing gives to messages in flight. Default 5 000. */
  readonly drainMs: number;
  /** Messages that may be held without acknowledgement; one more, and the connection is made anew. Default 1 000. */
  readonly maxHeldMessages: number;
  /** How long a token is valid, and how long before its end it is renewed. Default: the SDK's 3600 and 900. */
  readonly tokenLifetime?: { readonly validSeconds: number; readonly marginSeconds: number } | undefined;
}

export const defaultEdgeSettings: EdgeSettings = {
  hubDeadlineMs: 600_000,
  connectTimeoutMs: 90_000,
  twinTimeoutMs: 30_000,
  sendTimeoutMs: 30_000,
  drainMs: 5_000,
  maxHeldMessages: 1_000,
};
