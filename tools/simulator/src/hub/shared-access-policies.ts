import { randomBytes } from 'node:crypto';
import type { SettingsTable } from '../state/settings-table.ts';

export type Permission = 'registryRead' | 'registryWrite' | 'serviceConnect' | 'deviceConnect';

export interface SharedAccessPolicy {
  readonly name: string;
  readonly permissions: readonly Permission[];
  /** Base64. */
  readonly primaryKey: string;
  readonly secondaryKey: string;
}

/** The policies that every IoT Hub begins with. */
const permissionsOf: Readonly<Record<string, readonly Permission[]>> = {
  iothubowner: ['registryRead', 'registryWrite', 'serviceConnect', 'deviceConnect'],
  service: ['serviceConnect'],
  device: ['deviceConnect'],
  registryRead: ['registryRead'],
  registryReadWrite: ['registryRead', 'registryWrite'],
};

/** The hub's policies with their keys, which are made at the first start and kept. */
export class SharedAccessPolicies {
  readonly #policies = new Map<string, SharedAccessPolicy>();

  constructor(settings: SettingsTable) {
    for (const [name, permissions] of Object.entries(permissionsOf)) {
      const key = (which: string) =>
        settings.getOrMake(`policy/${name}/${which}`, () => randomBytes(32).toString('base64'));
      this.#policies.set(name, { name, permissions, primaryKey: key('primaryKey'), secondaryKey: key('secondaryKey') });
    }
  }

  get(name: string): SharedAccessPolicy | undefined {
    return this.#policies.get(name);
  }

  /** The connection string of the policy that may do everything. */
  ownerConnectionString(hostName: string): string {
    const key = this.#policies.get('iothubowner')?.primaryKey ?? '';
    return `HostName=${hostName};SharedAccessKeyName=iothubowner;SharedAccessKey=${key}`;
  }
}
