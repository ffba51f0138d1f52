import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { expect, it } from 'vitest';
import { buildDeployment } from './build-manifest.ts';

const SOLUTION = path.resolve(import.meta.dirname, '../../../test/support/iotedgedev-solution');

it.each([
  ['deployment.template.json', 'amd64', 'deployment.amd64.json'],
  ['deployment.template.json', 'arm64v8', 'deployment.arm64v8.json'],
  ['deployment.debug.template.json', 'amd64', 'deployment.debug.amd64.json'],
  ['deployment.old.template.json', 'amd64', 'deployment.old.json'],
  ['layered.template.json', 'amd64', 'layered.amd64.json'],
] as const)('makes of %s for %s what iotedgedev makes, to the byte', async (template, platform, name) => {
  const variables = parseEnv(await readFile(path.join(SOLUTION, 'variables.env'), 'utf8')) as Record<string, string>;
  const templatePath = path.join(SOLUTION, template);
  const { manifest, outputName } = await buildDeployment({ templatePath, variables, platform, images: {} });
  expect(outputName).toBe(name);
  const expected = await readFile(path.join(SOLUTION, 'expected', `${name}.txt`), 'utf8');
  expect(JSON.stringify(manifest, null, 2)).toBe(expected);
});
