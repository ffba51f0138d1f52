import { isDeepStrictEqual } from 'node:util';
import { compileCondition, configurationOf, planFleet } from '@edgewright/iothub';
import type { PlannedDeployment } from '@edgewright/iothub';
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { Hub } from '../hub/hub.ts';
import { twinJson } from '../hub/rest/twin-json.ts';
import { StateDatabase } from '../state/state-database.ts';
import { Deployments } from './deployments.ts';
import { parseTargetCondition } from './target-condition.ts';

// The planner and the simulator were written apart; here they must agree.

const tags = fc.record(
  { ring: fc.constantFrom('a', 'b', 'c'), size: fc.integer({ min: 0, max: 3 }) },
  { requiredKeys: [] },
);
const comparison = fc.oneof(
  fc
    .tuple(fc.constantFrom('=', '!=', '<>'), fc.constantFrom('a', 'b', 'z'))
    .map(([sign, ring]) => `tags.ring ${sign} '${ring}'`),
  fc
    .tuple(fc.constantFrom('<', '<=', '>', '>=', '='), fc.integer({ min: 0, max: 3 }))
    .map(([sign, size]) => `tags.size ${sign} ${size}`),
  fc.constantFrom(
    "tags.ring IN ['a', 'c']",
    "tags.ring NOT IN ['a']",
    "tags.ring NIN ['b']",
    'IS_DEFINED(tags.size)',
    "STARTSWITH(deviceId, 'd1')",
    'tags.size % 2 = 1',
    'tags.size + 1 < 3',
    'NOT IS_DEFINED(tags.ring)',
  ),
);
const condition = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom('*', '') },
  { weight: 4, arbitrary: comparison },
  {
    weight: 4,
    arbitrary: fc
      .tuple(comparison, fc.constantFrom('AND', 'OR'), comparison)
      .map(([a, word, b]) => `${a} ${word} NOT (${b})`),
  },
);

const module = fc.record({
  type: fc.constant('docker'),
  status: fc.constant('running'),
  settings: fc.record({ image: fc.constantFrom('m:1', 'm:2') }),
});
const route = fc.constantFrom('FROM /messages/* INTO $upstream', 'FROM /messages/modules/a/* INTO $upstream');
const names = fc.constantFrom('a', 'b');
const base = fc
  .record({
    modules: fc.dictionary(names, module),
    routes: fc.dictionary(names, route),
    twin: fc.option(fc.dictionary(names, fc.integer())),
  })
  .map(({ modules, routes, twin }) => ({
    modulesContent: {
      $edgeAgent: { 'properties.desired': { schemaVersion: '1.1', modules } },
      $edgeHub: { 'properties.desired': { schemaVersion: '1.1', routes } },
      ...(twin === null ? {} : { a: { 'properties.desired': twin } }),
    },
  }));
const layer = fc
  .record({
    module: fc.option(fc.tuple(names, module)),
    route: fc.option(fc.tuple(names, route)),
    twin: fc.tuple(
      names,
      fc.constantFrom('properties.desired', 'properties.desired.sub', 'properties.desired.a'),
      fc.dictionary(names, fc.integer()),
    ),
  })
  .map(({ module: added, route: way, twin: [owner, key, value] }) => ({
    modulesContent: {
      ...(added === null ? {} : { $edgeAgent: { [`properties.desired.modules.${added[0]}`]: added[1] } }),
      ...(way === null ? {} : { $edgeHub: { [`properties.desired.routes.${way[0]}`]: way[1] } }),
      [owner]: { [key]: value },
    },
  }));
const deployment = fc.record({
  content: fc.oneof(base, layer),
  priority: fc.integer({ min: 0, max: 3 }),
  targetCondition: condition,
});

it('agrees with the simulator on every condition', () => {
  fc.assert(
    fc.property(condition, tags, (text, given) => {
      const twin = { deviceId: 'd10', tags: given };
      expect(compileCondition(text).matches(twin)).toBe(parseTargetCondition(text).matches(twin));
    }),
    { numRuns: 2000 },
  );
});

it('agrees with the simulator on what random fleets get from random deployments', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'edgewright-agreement-'));
  let round = 0;
  try {
    fc.assert(
      fc.property(
        fc.array(tags, { minLength: 1, maxLength: 4 }),
        fc.array(deployment, { minLength: 1, maxLength: 6 }),
        (fleet, wanted) => {
          round += 1;
          using database = StateDatabase.open(path.join(directory, String(round)));
          const hub = new Hub({ hostName: 'hub.test', database, now: () => 1_700_000_000_000 + (round += 1) });
          using deployments = new Deployments({ hub, database, emit: () => {} });
          for (const [index, given] of fleet.entries()) {
            hub.createDevice({ deviceId: `d${index}`, edge: true });
            hub.patchTwin({ deviceId: `d${index}` }, { tags: given });
          }
          // all at once, so that no device keeps what an earlier set gave it
          const made = wanted.map((each, index) =>
            deployments.create({ ...each, id: `c${index}`, targetCondition: '' }),
          );
          const planned: PlannedDeployment[] = made.map((each, index) => ({
            ...each,
            targetCondition: wanted[index]?.targetCondition ?? '',
          }));
          const devices = hub
            .devices(10)
            .map(({ deviceId }) => twinJson(hub, hub.twin(deviceId)) as { deviceId: string });
          const plan = planFleet({ devices, before: [], after: planned });
          for (const { id, targetCondition } of planned) deployments.update(id, { targetCondition });
          const changing = new Set(plan.changing.flatMap(({ deviceIds }) => deviceIds));
          for (const device of devices) {
            const { deviceId } = device;
            const expected = configurationOf(device, planned);
            const applied = Object.entries(hub.twin(deviceId).configurations ?? {})
              .filter(([, { status }]) => status === 'Applied')
              .map(([id]) => id);
            expect(applied.toSorted()).toEqual([...(expected?.deployments ?? [])].toSorted());
            for (const [moduleId, desired] of expected?.desired ?? []) {
              const twin = hub.twin(deviceId, moduleId).desired.properties;
              expect({ moduleId, same: isDeepStrictEqual(twin, withoutNulls(desired)) }).toEqual({
                moduleId,
                same: true,
              });
            }
            const gets = Object.keys(hub.twin(deviceId, '$edgeAgent').desired.properties).length > 0;
            expect(gets).toBe(expected !== undefined);
            expect(changing.has(deviceId)).toBe(changes(expected?.desired));
          }
        },
      ),
      { numRuns: 120 },
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

function withoutNulls(desired: Readonly<Record<string, unknown>>): unknown {
  return JSON.parse(JSON.stringify(desired)) as unknown;
}

/** A device that had nothing changes when it gets a module or a route. */
function changes(desired: ReadonlyMap<string, Readonly<Record<string, unknown>>> | undefined): boolean {
  const size = (value: unknown) => Object.keys(value ?? {}).length;
  return size(desired?.get('$edgeAgent')?.['modules']) + size(desired?.get('$edgeHub')?.['routes']) > 0;
}
