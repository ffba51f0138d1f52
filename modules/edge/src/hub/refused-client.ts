import { EventEmitter } from 'node:events';
import { EdgeError } from '../edge-error.ts';

/**
 * What the SDK gets when it wants to connect for a session that has ended: a connection that fails at once. The SDK has calls
 * under way that connect when they end late; they must not take the hub's one connection from the session that came after.
 */
export class RefusedClient extends EventEmitter {
  constructor() {
    super();
    queueMicrotask(() => {
      const error = new EdgeError('HubConnectionLost', 'this session with edgeHub has ended');
      if (this.listenerCount('error') > 0) this.emit('error', error);
    });
  }

  end(_force: boolean, done: () => void): this {
    queueMicrotask(done);
    return this;
  }
}
