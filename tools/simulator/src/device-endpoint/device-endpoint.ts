import type { Duplex } from 'node:stream';
import type { EventSink } from '@edgewright/contract';
import { ClientConnection } from '../edgehub/client-connection.ts';
import { ClientDirectory } from '../edgehub/client-directory.ts';
import type { Client } from '../edgehub/client.ts';
import { edgeHubTimings } from '../edgehub/edge-hub-timings.ts';
import type { EdgeHubTimings } from '../edgehub/edge-hub-timings.ts';
import type { EdgeMessage } from '../edgehub/edge-message.ts';
import { followFaults } from '../edgehub/follow-faults.ts';
import { SessionStore } from '../edgehub/session-store.ts';
import { concerns } from '../faults/fault-plan.ts';
import type { PresentedCertificate } from '../hub/certificate-problem.ts';
import type { Hub } from '../hub/hub.ts';
import { hubFault } from '../hub/hub-fault.ts';
import { identityText } from '../hub/identity.ts';
import type { Identity, IdentityChange, IdentityName } from '../hub/identity.ts';
import type { SharedAccessPolicies } from '../hub/shared-access-policies.ts';
import type { StateDatabase } from '../state/state-database.ts';
import { CloudMessagePumps } from './cloud-message-pumps.ts';
import { authenticateDevice } from './device-authentication.ts';
import { DeviceMethods } from './device-methods.ts';
import { DeviceTwins } from './device-twins.ts';

/** IoT Hub's own times, where they differ from edgeHub's. */
const hubTimings: Partial<EdgeHubTimings> = {
  // the lock of a cloud-to-device message
  ackTimeoutMs: 60_000,
  // the longest keep-alive that IoT Hub grants, 29 min 27 s
  maxKeepAliveMs: 1_767_000,
  resumeAtOnce: true,
};

export interface DeviceEndpointOptions {
  readonly hub: Hub;
  readonly policies: SharedAccessPolicies;
  readonly database: StateDatabase;
  /** Every name that tokens may have for the hub; asked at each CONNECT. */
  readonly hostNames: () => readonly string[];
  readonly timings?: Partial<EdgeHubTimings>;
  readonly emit: EventSink;
}

/** IoT Hub as devices and modules see it that connect to it directly: MQTT over any stream. */
export class DeviceEndpoint implements Disposable {
  readonly #options: DeviceEndpointOptions;
  readonly #clients = new ClientDirectory();
  readonly #sessions: SessionStore;
  readonly #twins: DeviceTwins;
  readonly #timings: EdgeHubTimings;
  readonly #parts = new DisposableStack();

  constructor(options: DeviceEndpointOptions) {
    const { hub, database, emit } = options;
    const clients = this.#clients;
    this.#options = options;
    this.#sessions = new SessionStore(database);
    this.#timings = { ...edgeHubTimings, ...hubTimings, ...options.timings };
    this.#twins = new DeviceTwins({ hub, clients, emit });
    void new DeviceMethods({ hub, clients });
    this.#parts.use(new CloudMessagePumps({ hub, clients }));
    this.#parts.use(hub.onIdentity((change) => this.#identityChanged(change)));
    this.#parts.use(followFaults({ faults: hub.faults, clients, sessions: this.#sessions }));
    clients.listen({
      connected: ({ identity }) => hub.setConnectionState(identity.deviceId, identity.moduleId, 'Connected'),
      disconnected: ({ identity }) => hub.setConnectionState(identity.deviceId, identity.moduleId, 'Disconnected'),
    });
  }

  /** How many are connected. */
  get size(): number {
    return this.#clients.size;
  }

  /** Serves a client that has just connected; with its certificate, if it presented one. */
  accept(stream: Duplex, certificate?: PresentedCertificate): void {
    const { hub, policies, hostNames, emit } = this.#options;
    const connection: ClientConnection = new ClientConnection(stream, {
      clients: this.#clients,
      sessions: this.#sessions,
      timings: this.#timings,
      now: hub.now,
      emit,
      faults: hub.faults,
      stage: 'hub',
      isStrict: true,
      authenticate: (packet) => authenticateDevice(packet, certificate, { hub, policies, hostNames: hostNames() }),
      takeMessage: async (message) => this.#take(connection.identity, message),
      getTwin: (client) => this.#twins.get(client),
      patchReported: async (client, payload) => this.#twins.patchReported(client, payload),
      refused: (name, reason) => this.#refused(name, reason),
    });
  }

  /** Ends every connection. */
  disconnectAll(reason: string): void {
    for (const client of this.#clients.all()) client.disconnect(reason);
  }

  [Symbol.dispose](): void {
    this.disconnectAll('the hub ends');
    this.#parts.dispose();
  }

  #take(sender: Identity, message: EdgeMessage): void {
    const { connectionDeviceId, connectionModuleId, ...systemProperties } = message.systemProperties;
    if (connectionDeviceId !== sender.deviceId || (connectionModuleId ?? undefined) !== sender.moduleId) {
      throw hubFault('ArgumentInvalid', `"${identityText(sender)}" sent a message on the topic of another device`);
    }
    this.#options.hub.acceptTelemetry({
      deviceId: sender.deviceId,
      ...(sender.moduleId !== undefined && { moduleId: sender.moduleId }),
      body: message.body,
      properties: withoutNull(message.properties),
      systemProperties: withoutNull(systemProperties),
    });
  }

  #refused(client: string, reason: string): void {
    this.#options.emit({
      stage: 'hub.client.refused',
      state: 'failed',
      text: `Turned away ${client}: ${reason}`,
      data: { client, reason },
    });
  }

  /** Who is removed or disabled has to go, and who is made anew begins without a session. */
  #identityChanged({ kind, deviceId, moduleId }: IdentityChange): void {
    const name = identityText({ deviceId, ...(moduleId !== undefined && { moduleId }) });
    if (kind === 'removed') this.#sessions.remove(name);
    for (const client of this.#concerned({ deviceId, ...(moduleId !== undefined && { moduleId }) })) {
      const { hub } = this.#options;
      const device = hub.identity(deviceId);
      const identity = hub.identity(client.identity.deviceId, client.identity.moduleId);
      const isGood = identity?.status === 'enabled' && device?.status === 'enabled';
      if (isGood && identity.generationId === client.identity.generationId) continue;
      client.disconnect('its identity was removed or disabled');
    }
  }

  #concerned(who: Partial<IdentityName>): Client[] {
    return this.#clients.all().filter(({ identity }) => concerns(who, identity));
  }
}

// a property without a value has an empty one at the hub
function withoutNull(properties: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, value ?? '']));
}
