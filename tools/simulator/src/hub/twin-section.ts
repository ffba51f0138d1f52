import type { JsonObject, TwinSection } from './twin.ts';

/** Whether `$metadata` names the version of each change, which IoT Hub does for desired properties only. */
type Half = 'desired' | 'reported';

/** A section as it is right after its twin was made. */
export function emptySection(half: Half, at: string): TwinSection {
  return { properties: {}, version: 1, metadata: stamp(half, at, 1) };
}

/** Merges `patch` into a section: objects member by member, null removes, everything else replaces. */
export function patchSection(
  section: TwinSection,
  patch: JsonObject,
  { half, at }: { readonly half: Half; readonly at: string },
): TwinSection {
  const version = section.version + 1;
  const mark = stamp(half, at, version);
  return {
    properties: mergeObject(section.properties, patch),
    version,
    metadata: mergeMetadata(section.metadata, patch, mark),
  };
}

/** The patch that turns `before` into `after`. */
export function differenceBetween(before: JsonObject, after: JsonObject): JsonObject {
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) patch[key] = null;
  for (const [key, value] of Object.entries(after)) {
    const old = Object.hasOwn(before, key) ? before[key] : undefined;
    if (isObject(old) && isObject(value)) {
      const inner = differenceBetween(old, value);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (JSON.stringify(old) !== JSON.stringify(value)) {
      patch[key] = value;
    }
  }
  return patch;
}

/** `patch` over `base`, as twins are merged. Neither is changed. */
export function mergeObject(base: JsonObject, patch: JsonObject): JsonObject {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else if (isObject(value)) {
      const old = Object.hasOwn(merged, key) ? merged[key] : undefined;
      define(merged, key, mergeObject(isObject(old) ? old : {}, value));
    } else define(merged, key, value);
  }
  return merged;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function stamp(half: Half, at: string, version: number): JsonObject {
  return { $lastUpdated: at, ...(half === 'desired' && { $lastUpdatedVersion: version }) };
}

function mergeMetadata(before: JsonObject, patch: JsonObject, mark: JsonObject): JsonObject {
  const merged: Record<string, unknown> = { ...before, ...mark };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else if (isObject(value)) {
      const old = Object.hasOwn(merged, key) ? merged[key] : undefined;
      define(merged, key, mergeMetadata(isObject(old) ? old : {}, value, mark));
    } else define(merged, key, mark);
  }
  return merged;
}

// Plain assignment of a member called `__proto__` would change the object's prototype instead.
function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}
