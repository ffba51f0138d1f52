import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { nodeLayer } from './node-layer.ts';

it('brings the folders of Node.js along, so that every user may enter them', async () => {
  const entries = await nodeLayer('amd64', tmpdir()).entries();
  expect(entries.map(({ type, path }) => [type, path])).toEqual([
    ['directory', 'usr/local'],
    ['file', 'usr/local/LICENSE'],
    ['directory', 'usr/local/bin'],
    ['file', 'usr/local/bin/node'],
  ]);
});
