import { describe, expect, it } from 'vitest';
import { configurationOfContent } from './plan-hub.ts';
import { configurationChange } from './configuration-change.ts';
import type { PlannedDeployment } from './effective-configuration.ts';
import { configurationOf, planFleet } from './plan-fleet.ts';
import { compileCondition } from './target-condition.ts';

const docker = (image: string, more: object = {}) => ({
  type: 'docker',
  status: 'running',
  ...more,
  settings: { image },
});
const base = (modules: object, routes: object = {}, twins: object = {}) => ({
  modulesContent: {
    $edgeAgent: { 'properties.desired': { systemModules: { edgeHub: docker('hub:1') }, modules } },
    $edgeHub: { 'properties.desired': { routes } },
    ...twins,
  },
});
const layer = (sections: object) => ({ modulesContent: sections });
const deployment = (
  id: string,
  content: PlannedDeployment['content'],
  change: Partial<PlannedDeployment> = {},
): PlannedDeployment => ({
  id,
  priority: 1,
  createdTime: `2026-01-01T00:00:0${id.length % 10}Z`,
  targetCondition: '*',
  content,
  ...change,
});
const north = { deviceId: 'd1', tags: { plant: 'north' } };
const south = { deviceId: 'd2', tags: { plant: 'south' } };

describe('planFleet', () => {
  const ground = deployment('base', base({ scorer: docker('scorer:1') }, { up: 'FROM /* INTO $upstream' }));

  it('groups equal devices, and says what each module does and where it comes from', () => {
    const update = deployment(
      'scorer-2',
      layer({ $edgeAgent: { 'properties.desired.modules.scorer': docker('scorer:2') } }),
      {
        priority: 5,
        targetCondition: "tags.plant = 'north'",
      },
    );
    const layers = new Map([
      [
        'scorer:1',
        [
          { digest: 'a', sizeBytes: 100 },
          { digest: 'b', sizeBytes: 10 },
        ],
      ],
      [
        'scorer:2',
        [
          { digest: 'a', sizeBytes: 100 },
          { digest: 'c', sizeBytes: 7 },
        ],
      ],
    ]);
    const { changing, unchanged } = planFleet({
      devices: [north, south, { ...north, deviceId: 'd3' }],
      before: [ground],
      after: [ground, update],
      layersOf: (reference) => layers.get(reference),
    });
    expect(unchanged).toBe(1);
    expect(changing).toMatchObject([
      {
        deviceIds: ['d1', 'd3'],
        before: { deployments: ['base'] },
        after: { deployments: ['base', 'scorer-2'] },
        change: {
          modules: [
            { name: 'edgeHub', effect: 'same', from: 'base' },
            {
              name: 'scorer',
              effect: 'restarts',
              imageBefore: 'scorer:1',
              imageAfter: 'scorer:2',
              changed: ['settings.image'],
              from: 'scorer-2',
            },
          ],
          routes: [{ name: 'up', effect: 'same', from: 'base' }],
          pulls: [
            {
              image: 'scorer:2',
              pullBytes: 7,
              layers: [
                { digest: 'a', sizeBytes: 100, isPresent: true },
                { digest: 'c', sizeBytes: 7, isPresent: false },
              ],
            },
          ],
          pullBytes: 7,
          unknownImages: [],
        },
      },
    ]);
  });

  it('tells a change of the twin from one that restarts', () => {
    const models = deployment('models', layer({ scorer: { 'properties.desired.models': { diabetes: 2 } } }), {
      priority: 2,
    });
    const { changing } = planFleet({ devices: [north], before: [ground], after: [ground, models] });
    expect(changing[0]?.change.modules.find(({ name }) => name === 'scorer')).toMatchObject({
      effect: 'twin',
      changed: ['twin.models'],
    });
    expect(changing[0]?.change.pullBytes).toBe(0);
  });

  it('leaves devices without a base as they are', () => {
    const plan = planFleet({ devices: [north], before: [ground], after: [] });
    expect(plan).toEqual({ changing: [], unchanged: 1 });
  });
});

describe('layers', () => {
  const cases: [string, PlannedDeployment[], string[]][] = [
    ['the strongest base counts', [deployment('a', base({})), deployment('b', base({}), { priority: 2 })], ['b']],
    ['of two of one priority, the newer', [deployment('aa', base({})), deployment('b', base({}))], ['aa']],
    [
      'layers of lower or equal priority do not count',
      [
        deployment('a', base({}), { priority: 2 }),
        deployment('b', layer({ x: {} })),
        deployment('c', layer({ x: {} }), { priority: 2 }),
      ],
      ['a'],
    ],
    [
      'layers are laid weakest first',
      [
        deployment('a', base({})),
        deployment('b', layer({ x: {} }), { priority: 9 }),
        deployment('c', layer({ x: {} }), { priority: 3 }),
      ],
      ['a', 'c', 'b'],
    ],
    [
      'content for twins of other modules is not about edge devices',
      [deployment('a', base({})), deployment('b', { moduleContent: {} }, { priority: 2 })],
      ['a'],
    ],
    [
      'conditions decide',
      [deployment('a', base({})), deployment('b', base({}), { priority: 2, targetCondition: "tags.plant = 'south'" })],
      ['a'],
    ],
  ];

  it.each(cases)('%s', (_, deployments, expected) => {
    expect(configurationOf(north, deployments)?.deployments).toEqual(expected);
  });
});

describe('configurationChange', () => {
  it.each([
    ['a new module', base({}), base({ m: docker('m:1') }), 'starts'],
    ['a module that goes', base({ m: docker('m:1') }), base({}), 'removed'],
    ['a variable', base({ m: docker('m:1') }), base({ m: docker('m:1', { env: { A: { value: '1' } } }) }), 'restarts'],
    ['a status', base({ m: docker('m:1') }), base({ m: docker('m:1', { status: 'stopped' }) }), 'stops'],
    ['a policy', base({ m: docker('m:1') }), base({ m: docker('m:1', { restartPolicy: 'never' }) }), 'settings'],
    ['nothing', base({ m: docker('m:1') }), base({ m: docker('m:1') }), 'same'],
  ])('tells %s', (_, before, after, effect) => {
    const change = configurationChange(
      configurationOfContent('a', before),
      configurationOfContent('b', after),
      () => undefined,
    );
    expect(change.modules.find(({ name }) => name === 'm')?.effect).toBe(effect);
  });

  it('names images whose layers nobody knows', () => {
    const change = configurationChange(
      undefined,
      configurationOfContent('b', base({ m: docker('m:1') })),
      () => undefined,
    );
    expect(change).toMatchObject({ unknownImages: ['hub:1', 'm:1'], pulls: [], pullBytes: 0 });
  });
});

describe('compileCondition', () => {
  it.each([
    ['tags.plant =', 'at character 13: expected a name, a value or "("'],
    ["tags.plant = 'north' tags", 'at character 22: expected AND, OR or the end'],
    ['SOME(x) = 1', 'there is no function "SOME"'],
    ['tags.a ? 1', 'nothing begins with "?"'],
    [`${'('.repeat(200)}1`, 'nested more than'],
  ])('says where %s is wrong', (text, reason) => {
    expect(() => compileCondition(text)).toThrow(reason);
  });

  it('reads names that are no words', () => {
    const twin = { tags: { 'a b': 1 }, configurations: { 'x-1': { status: 'Applied' } } };
    expect(compileCondition("tags['a b'] = 1 AND configurations.[[x-1]].status = 'Applied'").matches(twin)).toBe(true);
  });
});
