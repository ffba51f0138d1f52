import { SimulatorError } from '../simulator-error.ts';

/** What a client's PUBLISH means, by its topic. */
export type InboundTopic =
  | {
      readonly kind: 'telemetry';
      readonly deviceId: string;
      readonly moduleId?: string;
      /** The property bag, still encoded. */
      readonly bag: string;
    }
  | { readonly kind: 'twinGet'; readonly requestId: string }
  | { readonly kind: 'twinPatch'; readonly requestId: string | undefined }
  | { readonly kind: 'methodResponse'; readonly status: string; readonly requestId: string }
  /** Accepted and dropped, with a warning. */
  | { readonly kind: 'unknown' };

/** What edgeHub does for a subscription, by its topic filter. */
export type SubscriptionKind =
  | 'methods'
  | 'desiredProperties'
  | 'twinResponses'
  | 'cloudToDevice'
  | 'moduleMessages'
  | 'unknown';

const TWIN_PREFIX = '$iothub/twin/';
const METHOD_RESPONSE_PREFIX = '$iothub/methods/res/';

// Anchored only at their end, as edgeHub's are: what stands before does not matter.
const MODULE_TELEMETRY = /devices\/([^/]*)\/modules\/([^/]*)\/messages\/events(?:\/([^/]*))?\/?$/;
const DEVICE_TELEMETRY = /devices\/([^/]*)\/messages\/events(?:\/([^/]*))?\/?$/;
const METHOD_RESPONSE = /\$iothub\/methods\/res\/([^/]*)\/\?\$rid=([^/]*)$/;

/**
 * Says what a client means by a topic.
 *
 * @throws SimulatorError `SimulatorRequestInvalid` for twin topics in the wrong form; edgeHub closes the connection on these
 */
export function parseInboundTopic(topic: string): InboundTopic {
  if (topic.startsWith(TWIN_PREFIX)) return parseTwinTopic(topic);
  if (topic.startsWith(METHOD_RESPONSE_PREFIX)) {
    const match = METHOD_RESPONSE.exec(topic);
    if (match === null) return { kind: 'unknown' };
    return { kind: 'methodResponse', status: match[1] ?? '', requestId: match[2] ?? '' };
  }
  const ofModule = MODULE_TELEMETRY.exec(topic);
  if (ofModule !== null) {
    const [, deviceId = '', moduleId = '', bag = ''] = ofModule;
    return { kind: 'telemetry', deviceId, moduleId, bag };
  }
  const ofDevice = DEVICE_TELEMETRY.exec(topic);
  if (ofDevice !== null) {
    const [, deviceId = '', bag = ''] = ofDevice;
    return { kind: 'telemetry', deviceId, bag };
  }
  return { kind: 'unknown' };
}

function parseTwinTopic(topic: string): InboundTopic {
  const [path, query] = splitOnce(topic.slice(TWIN_PREFIX.length), '?');
  // not decoded: the reply carries it back as it came
  const requestId =
    query
      .split('&')
      .find((pair) => pair.startsWith('$rid='))
      ?.slice('$rid='.length) ?? '';
  const segments = path.split('/').filter((segment) => segment !== '');
  const [operation, ...rest] = segments;
  if (operation === 'GET' && rest.length === 0) {
    if (requestId === '') throw badTwinTopic(topic, 'a request to get the twin needs $rid');
    return { kind: 'twinGet', requestId };
  }
  if (operation === 'PATCH' && rest[0] === 'properties' && rest[1] === 'reported' && rest.length === 2) {
    return { kind: 'twinPatch', requestId: requestId === '' ? undefined : requestId };
  }
  throw badTwinTopic(topic, 'expected $iothub/twin/GET/?$rid=… or $iothub/twin/PATCH/properties/reported/?$rid=…');
}

/** The topics on which clients are sent something. */
export const outboundTopics = {
  /** A routed message; the property bag follows the input's name. */
  moduleInput: (module: { deviceId: string; moduleId: string }, input: string, bag: string): string => {
    const base = `devices/${module.deviceId}/modules/${module.moduleId}/inputs/${input}`;
    return bag === '' ? base : `${base}/${bag}`;
  },
  twinResponse: (status: number, requestId: string): string => `$iothub/twin/res/${status}/?$rid=${requestId}`,
  desiredPatch: (version: number): string => `$iothub/twin/PATCH/properties/desired/?$version=${version}`,
  methodRequest: (method: string, requestId: string): string => `$iothub/methods/POST/${method}/?$rid=${requestId}`,
} as const;

/** What a subscription to this filter brings. `unknown` ones are granted and bring nothing. */
export function subscriptionKind(filter: string): SubscriptionKind {
  if (filter.startsWith('$iothub/methods/POST/')) return 'methods';
  if (filter.startsWith('$iothub/twin/PATCH/properties/desired/')) return 'desiredProperties';
  if (filter === '$iothub/twin/res/#') return 'twinResponses';
  if (filter.endsWith('messages/devicebound/#')) return 'cloudToDevice';
  if (/^devices\/.+\/modules\/.+\/#$/.test(filter)) return 'moduleMessages';
  return 'unknown';
}

/** Whether an MQTT topic filter (with `+` and `#`) takes a topic. */
export function matchesTopicFilter(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const given = topic.split('/');
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true;
    if (index >= given.length) return false;
    if (level !== '+' && level !== given[index]) return false;
  }
  return wanted.length === given.length;
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

function badTwinTopic(topic: string, reason: string): SimulatorError {
  return new SimulatorError('SimulatorRequestInvalid', `cannot follow the twin request "${topic}": ${reason}`, {
    details: { topic },
  });
}
