import type { EdgeModuleOptions } from './edge-module-options.ts';
import { EdgeModule } from './edge-module.ts';

/**
 * Joins edgeHub and scores the messages that it routes to this module, until the signal fires. Then intake stops, what is
 * under way gets `settings.drainMs` to end, and the connection is closed; all that takes less than 10 s.
 *
 * @throws EdgeError `HubUnreachable` when there was no connection for `settings.hubDeadlineMs`
 */
export async function runEdgeModule(options: EdgeModuleOptions): Promise<void> {
  await using module = new EdgeModule(options);
  await module.run(options.signal);
}
