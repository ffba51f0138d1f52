/** How one client joins a broker. */
export interface Credentials {
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
}

/** What messages pass through in a measurement: edgeHub and hub of the simulator, or a plain broker. */
export interface Broker extends AsyncDisposable {
  readonly port: number;
  /** PEM that clients trust. */
  readonly ca: string;
  /** Of the process whose memory counts. */
  readonly processId: number;
  credentials(client: string): Promise<Credentials>;
  /** Where a client publishes, so that it reaches the receiver, or the hub. */
  publishTopic(client: string, target: Target): string;
  /** What the receiver subscribes to. */
  readonly inputFilter: string;
  /** Resolves when so many messages more than at the call have reached the hub; undefined where the receiver is the hub. */
  upstream(count: number): Promise<{ readonly done: Promise<void> }> | undefined;
}

export type Target = 'module' | 'upstream';

export const RECEIVER = 'receiver';
/** IoT Hub lets a device have 100 modules, and edgeHub, edgeAgent and the receiver are three. */
export const SENDERS = 96;
export const clientNames = Array.from({ length: SENDERS }, (_, index) => `sender${index}`);
