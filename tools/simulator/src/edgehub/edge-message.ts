import type { RouteMessage } from '@edgewright/contract';
import { SimulatorError } from '../simulator-error.ts';

/** A message inside edgeHub: what routes look at, with its body as bytes. */
export interface EdgeMessage extends RouteMessage {
  readonly body: Buffer;
}

/** The largest message that edgeHub takes: body and properties together. */
export const MAX_EDGE_MESSAGE_SIZE = 262_144;

/**
 * The size by which edgeHub limits messages: bytes of the body and characters of all properties, names included. As in
 * edgeHub, a property without a value makes it forget the properties before (ROUT/Message.cs, Size).
 */
export function edgeMessageSize(message: EdgeMessage): number {
  return message.body.length + sizeOf(message.properties) + sizeOf(message.systemProperties);
}

function sizeOf(properties: Readonly<Record<string, string | null>>): number {
  let size = 0;
  for (const [name, value] of Object.entries(properties)) size = value === null ? 0 : size + name.length + value.length;
  return size;
}

/** @throws SimulatorError `SimulatorRequestInvalid` for a message over the limit */
export function checkEdgeMessageSize(message: EdgeMessage): void {
  const size = edgeMessageSize(message);
  if (size <= MAX_EDGE_MESSAGE_SIZE) return;
  throw new SimulatorError(
    'SimulatorRequestInvalid',
    `cannot take a message from ${message.source}: it has ${size} bytes with its properties; edgeHub takes at most ${MAX_EDGE_MESSAGE_SIZE}`,
    { details: { size, limit: MAX_EDGE_MESSAGE_SIZE, source: message.source } },
  );
}
