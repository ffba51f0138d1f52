/** The times by which edgeHub works. All in milliseconds. */
export interface EdgeHubTimings {
  /** How long a module has to acknowledge a message before it is sent again (`MessageAckTimeoutSecs`). */
  readonly ackTimeoutMs: number;
  /** The wait after a first failure to deliver; grows by `retryDeltaMs` × (2ⁿ − 1) up to `retryMaximumMs`. */
  readonly retryMinimumMs: number;
  readonly retryDeltaMs: number;
  readonly retryMaximumMs: number;
  /**
   * False as edgeHub does it: after a module comes back, delivery goes on when the running wait is over, which may be
   * `retryMaximumMs` later, and a message that a vanished module did not acknowledge waits out `ackTimeoutMs`. True: both
   * waits end when the module's connection is lost or it connects and subscribes.
   */
  readonly resumeAtOnce: boolean;
  /** How long a client may be silent before its CONNECT (`ConnectArrivalTimeout`). */
  readonly connectTimeoutMs: number;
  /** Longest keep-alive, also for clients that ask for none (`MaxKeepAliveTimeout`). */
  readonly maxKeepAliveMs: number;
  /** How long a method call that waited for its module waits on, once the module has subscribed. */
  readonly methodSettleMs: number;
  /** How often expired messages are removed from the queues (`MessageCleanupIntervalSecs`). */
  readonly cleanupIntervalMs: number;
}

/** The times of the real edgeHub. */
export const edgeHubTimings: EdgeHubTimings = {
  ackTimeoutMs: 30_000,
  retryMinimumMs: 1000,
  retryDeltaMs: 1000,
  retryMaximumMs: 60_000,
  resumeAtOnce: false,
  connectTimeoutMs: 60_000,
  maxKeepAliveMs: 600_000,
  methodSettleMs: 3000,
  cleanupIntervalMs: 1_800_000,
};
