import { messageSource } from '@edgewright/contract';
import type { IPublishPacket } from 'mqtt-packet';
import { checkEdgeMessageSize } from './edge-message.ts';
import type { EdgeMessage } from './edge-message.ts';
import type { InboundTopic } from './mqtt-topics.ts';
import { decodePropertyBag } from './property-bag.ts';

/**
 * Makes a message of what a client published.
 *
 * @throws SimulatorError `SimulatorRequestInvalid` for a bad property bag or too large a message
 */
export function telemetryMessage(
  topic: Extract<InboundTopic, { kind: 'telemetry' }>,
  packet: Pick<IPublishPacket, 'retain' | 'dup'> & { readonly payload: Buffer },
): EdgeMessage {
  const bag = decodePropertyBag(topic.bag);
  const systemProperties = {
    ...bag.systemProperties,
    connectionDeviceId: topic.deviceId,
    ...(topic.moduleId !== undefined && { connectionModuleId: topic.moduleId }),
  };
  const properties = {
    ...bag.properties,
    // there are no retained messages, and a duplicate is not recognised: both only leave a mark
    ...(packet.retain && { 'mqtt-retain': 'true' }),
    ...(packet.dup && { 'mqtt-dup': 'true' }),
  };
  const output = bag.systemProperties['outputName'] ?? '';
  const message = { source: sourceOf(topic.moduleId, output), body: packet.payload, properties, systemProperties };
  checkEdgeMessageSize(message);
  return message;
}

function sourceOf(moduleId: string | undefined, output: string): string {
  if (moduleId === undefined) return messageSource.device;
  return output === '' ? messageSource.module(moduleId) : messageSource.moduleOutput(moduleId, output);
}

/** The properties as a module is sent them: twin changes go out in the name of whoever changed its twin. */
export function outgoingProperties(message: EdgeMessage): Pick<EdgeMessage, 'properties' | 'systemProperties'> {
  const { rpConnectionDeviceId, rpConnectionModuleId, ...systemProperties } = message.systemProperties;
  return {
    properties: message.properties,
    systemProperties: {
      ...systemProperties,
      ...(rpConnectionDeviceId !== undefined && { connectionDeviceId: rpConnectionDeviceId }),
      ...(rpConnectionModuleId !== undefined && { connectionModuleId: rpConnectionModuleId }),
    },
  };
}
