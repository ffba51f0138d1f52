import { expect, it } from 'vitest';
import { azureSamples } from '../../../../test/support/azure-samples.ts';
import { lintManifest } from './lint-manifest.ts';

it.each(Object.entries(azureSamples))('finds nothing in %s', (_, manifest) => {
  expect(lintManifest(manifest, { source: 'x.json' })).toEqual([]);
});
