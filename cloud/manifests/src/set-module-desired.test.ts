import { describe, expect, it } from 'vitest';
import { setModuleDesired } from './set-module-desired.ts';

const module = { type: 'docker', settings: { image: 'scorer:1' } };
const agent = (modules: Record<string, unknown>) => ({
  $edgeAgent: { 'properties.desired': { modules, systemModules: { edgeHub: module } } },
});
const engine = { workers: 2, threads: 1 };

describe('setModuleDesired', () => {
  it('sets a property of the only module, and keeps what else stands there', () => {
    const manifest = {
      modulesContent: { ...agent({ scorer: module }), scorer: { 'properties.desired': { logLevel: 'warn' } } },
    };
    const { document, module: name } = setModuleDesired(manifest, { property: 'engine', value: engine }, 'm.json');
    expect(name).toBe('scorer');
    expect(document).toMatchObject({
      modulesContent: { scorer: { 'properties.desired': { logLevel: 'warn', engine } } },
    });
    expect(manifest.modulesContent.scorer['properties.desired']).toEqual({ logLevel: 'warn' });
    const back = setModuleDesired(document, { property: 'engine', value: null }, 'm.json').document;
    expect(back).toEqual(manifest);
  });

  it('makes the properties of a module that has none, and leaves nothing empty behind', () => {
    const manifest = { modulesContent: agent({ scorer: module, sensor: module }) };
    const { document } = setModuleDesired(manifest, { module: 'scorer', property: 'engine', value: engine }, 'm.json');
    expect(document).toMatchObject({ modulesContent: { scorer: { 'properties.desired': { engine } } } });
    expect(
      setModuleDesired(document, { module: 'scorer', property: 'engine', value: null }, 'm.json').document,
    ).toEqual(manifest);
  });

  it('gives a layer a key of its own, unless it sets all properties', () => {
    const layer = { content: { modulesContent: { scorer: { 'properties.desired.logLevel': 'warn' } } } };
    expect(setModuleDesired(layer, { property: 'engine', value: engine }, 'l.json').document).toEqual({
      content: {
        modulesContent: { scorer: { 'properties.desired.logLevel': 'warn', 'properties.desired.engine': engine } },
      },
    });
    const whole = { content: { modulesContent: { scorer: { 'properties.desired': { logLevel: 'warn' } } } } };
    expect(setModuleDesired(whole, { property: 'engine', value: engine }, 'l.json').document).toEqual({
      content: { modulesContent: { scorer: { 'properties.desired': { logLevel: 'warn', engine } } } },
    });
  });

  it.each([
    [
      { modulesContent: agent({ scorer: module, sensor: module }) },
      undefined,
      'cannot change m.json: it is not said which module; it has scorer, sensor',
    ],
    [{ modulesContent: agent({ scorer: module }) }, 'edgeHub', 'there is no module "edgeHub"; it has scorer'],
    [{ modulesContent: agent({}) }, undefined, 'it has none'],
    [{ engine }, undefined, 'it has no modulesContent'],
  ])('says what it cannot change', (manifest, wanted, message) => {
    expect(() => setModuleDesired(manifest, { module: wanted, property: 'engine', value: engine }, 'm.json')).toThrow(
      message,
    );
  });
});
