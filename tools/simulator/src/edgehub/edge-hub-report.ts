import type { JsonObject } from '../hub/twin.ts';
import type { ClientDirectory } from './client-directory.ts';
import type { Client } from './client.ts';

export interface EdgeHubReportOptions {
  readonly clients: ClientDirectory;
  readonly now: () => number;
  /** Writes into the reported properties of `$edgeHub`. */
  readonly report: (patch: JsonObject) => void;
}

/** What `$edgeHub` reports of itself: how its configuration fared, and who is connected. */
export class EdgeHubReport {
  readonly #options: EdgeHubReportOptions;

  constructor(options: EdgeHubReportOptions) {
    this.#options = options;
    // of clients that were connected before a restart nothing is known
    options.report({
      schemaVersion: '1.0',
      version: { version: '1.6', build: 'edgewright', commit: '' },
      clients: null,
    });
    options.clients.listen({
      connected: (client) => this.#status(client, { status: 'Connected', lastConnectedTimeUtc: this.#time() }),
      disconnected: (client) =>
        this.#status(
          client,
          // a leaf device that is gone leaves the report, a module stays in it
          client.identity.moduleId === undefined
            ? null
            : { status: 'Disconnected', lastDisconnectedTimeUtc: this.#time() },
        ),
    });
  }

  /** Says what became of a version of the desired configuration. */
  configured(version: number, status: { readonly code: 200 | 400 | 500; readonly description: string }): void {
    this.#options.report({ lastDesiredVersion: version, lastDesiredStatus: status });
  }

  #status(client: Client, status: JsonObject | null): void {
    this.#options.report({ clients: { [twinKey(client.name)]: status } });
  }

  #time(): string {
    return new Date(this.#options.now()).toISOString();
  }
}

/** A client's name as a twin's key, in which `.`, `$`, `#` and blanks must not stand. */
function twinKey(name: string): string {
  return name
    .replaceAll('%', '%25')
    .replaceAll('.', '%2E')
    .replaceAll('$', '%24')
    .replaceAll('#', '%23')
    .replaceAll(' ', '%20');
}
