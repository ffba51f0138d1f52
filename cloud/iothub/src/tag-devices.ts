import { isTwinName, twinLimits, twinSizeBytes } from '@edgewright/contract';
import { isDeepStrictEqual } from 'node:util';
import { forEachBounded } from './for-each-bounded.ts';
import type { Hub } from './hub.ts';
import { IotHubError } from './iothub-error.ts';
import { compileCondition } from './plan/target-condition.ts';

type Tags = Readonly<Record<string, unknown>>;

/** Which edge devices are to get which tags. */
export interface TagRequest {
  /** A condition on their twins, such as `tags.plant = 'north'`; `*` is all. */
  readonly condition: string;
  /** What of the tags is to change; null takes a member out. */
  readonly tags: Tags;
  /** At most so many, in the order of their ids; default: all. */
  readonly count?: number;
}

/** Tags of a device that will change. */
export interface TagChange {
  readonly deviceId: string;
  /** Of the twin that was read. */
  readonly etag: string;
  readonly before: Tags;
  readonly after: Tags;
}

export interface PlannedTags {
  /** How many devices the condition means. */
  readonly matched: number;
  /** Those whose tags are not yet so. */
  readonly changes: readonly TagChange[];
}

export interface TagOutcome {
  readonly changed: readonly string[];
  /** Somebody else changed their twins since they were read; they were left alone. */
  readonly conflicts: readonly string[];
}

interface DeviceRow extends Readonly<Record<string, unknown>> {
  readonly deviceId: string;
  readonly etag: string;
  readonly tags?: Tags;
}

/**
 * Works out whose tags would change. Nothing is changed.
 *
 * @throws IotHubError `ConditionInvalid`, `TagsInvalid` for what IoT Hub would refuse
 */
export async function planTags(hub: Hub, { condition, tags, count }: TagRequest): Promise<PlannedTags> {
  checkNames(tags);
  const target = compileCondition(condition);
  const devices: DeviceRow[] = [];
  const query = 'SELECT * FROM devices WHERE capabilities.iotEdge = true';
  for await (const device of hub.query<DeviceRow>(query)) if (target.matches(device)) devices.push(device);
  const chosen = devices.toSorted((a, b) => (a.deviceId < b.deviceId ? -1 : 1)).slice(0, count);
  const changes = chosen.flatMap(({ deviceId, etag, tags: before = {} }) => {
    const after = patched(before, tags);
    if (isDeepStrictEqual(before, after)) return [];
    checkSize(deviceId, after);
    return [{ deviceId, etag, before, after }];
  });
  return { matched: chosen.length, changes };
}

/** Makes planned changes, each only where the twin is still as it was read. May be done again after a failure. */
export async function applyTags(hub: Hub, changes: readonly TagChange[], tags: Tags): Promise<TagOutcome> {
  const [changed, conflicts]: [string[], string[]] = [[], []];
  await forEachBounded(changes, async ({ deviceId, etag }) => {
    try {
      await hub.updateTwin({ deviceId }, { tags }, etag);
      changed.push(deviceId);
    } catch (error) {
      if (!(error instanceof IotHubError) || error.code !== 'HubConflict') throw error;
      conflicts.push(deviceId);
    }
  });
  return { changed: changed.toSorted(), conflicts: conflicts.toSorted() };
}

/** As twins are patched: objects member by member, null takes out, anything else replaces. */
function patched(before: Tags, patch: Tags): Tags {
  const after: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete after[name];
    else after[name] = isTags(value) ? patched(isTags(after[name]) ? after[name] : {}, value) : value;
  }
  return after;
}

function isTags(value: unknown): value is Tags {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkNames(tags: Tags): void {
  const waiting: Tags[] = [tags];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const [name, value] of Object.entries(next)) {
      if (!isTwinName(name)) throw invalid(`${JSON.stringify(name)} is no name of a tag: no blank, dot or $`, { name });
      if (typeof value === 'string' && Buffer.byteLength(value) > twinLimits.stringBytes) {
        throw invalid(`the value of "${name}" has more than ${twinLimits.stringBytes} bytes`, { name });
      }
      if (isTags(value)) waiting.push(value);
    }
  }
}

function checkSize(deviceId: string, tags: Tags): void {
  const bytes = twinSizeBytes(tags);
  if (bytes <= twinLimits.tagsBytes) return;
  const text = `those of the device "${deviceId}" would have ${bytes} bytes, ${twinLimits.tagsBytes} are the most`;
  throw invalid(text, { deviceId, sizeBytes: bytes });
}

function invalid(reason: string, details: Readonly<Record<string, string | number>>): IotHubError {
  return new IotHubError('TagsInvalid', `cannot set the tags: ${reason}`, { details });
}
