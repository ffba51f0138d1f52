/**
 * The system properties of messages: their keys on the MQTT wire and edgeHub's internal names, which routes and the hub use
 * (edgeHub's `SystemProperties.cs`). A key with `in: false` is not understood from clients, one with `out: false` not sent to them.
 */
const rows = [
  { wire: '$.mid', name: 'messageId', in: true, out: true },
  { wire: '$.cid', name: 'cid', in: true, out: true },
  { wire: '$.uid', name: 'userId', in: true, out: true },
  { wire: '$.to', name: 'to', in: true, out: true },
  { wire: '$.exp', name: 'absolute-expiry-time', in: true, out: true },
  { wire: '$.ct', name: 'contentType', in: true, out: true },
  { wire: '$.ce', name: 'contentEncoding', in: true, out: true },
  { wire: '$.schema', name: 'messageSchema', in: true, out: true },
  { wire: '$.ctime', name: 'creationTime', in: true, out: true },
  { wire: '$.sub', name: 'dt-subject', in: true, out: true },
  { wire: 'ack', name: 'ack', in: true, out: true },
  { wire: 'iothub-operation', name: 'operation', in: true, out: true },
  { wire: '$.on', name: 'outputName', in: true, out: false },
  { wire: '$.ifid', name: 'iothub-interface-id', in: true, out: false },
  { wire: '$.cdid', name: 'connectionDeviceId', in: false, out: true },
  { wire: '$.cmid', name: 'connectionModuleId', in: false, out: true },
] as const;

/** Internal names by the key that a client sends. */
export const incomingSystemProperties: ReadonlyMap<string, string> = new Map(
  rows.filter((row) => row.in).map((row) => [row.wire, row.name]),
);

/** The key that a client gets by internal name. */
export const outgoingSystemProperties: ReadonlyMap<string, string> = new Map(
  rows.filter((row) => row.out).map((row) => [row.name, row.wire]),
);
