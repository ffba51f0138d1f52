import type { Registry } from 'azure-iothub';
import type { HubRestClient } from './hub-rest-client.ts';

/** Sends something to the hub; failures become errors of this workspace that say what was being done. */
export type HubCall = <Result>(action: string, send: (registry: Registry) => Promise<Result>) => Promise<Result>;

/** What the parts of the client share. */
export interface HubAccess {
  readonly call: HubCall;
  readonly client: HubRestClient;
}
