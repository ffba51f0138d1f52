import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { imageLibraryPackages } from './image-library.ts';

interface Locked {
  readonly version: string;
  readonly integrity: string;
}

const lockFile = new URL('../../../../package-lock.json', import.meta.url);
const { packages } = JSON.parse(readFileSync(lockFile, 'utf8')) as { packages: Readonly<Record<string, Locked>> };

describe('the native halves of sharp', () => {
  const pinned = Object.values(imageLibraryPackages).flatMap((ofPlatform) => ofPlatform.map((one) => one.pinned));

  it.each(pinned)('$name is the one that belongs to the sharp installed', ({ name, version, integrity }) => {
    expect(packages[`node_modules/${name}`]).toMatchObject({ version, integrity });
  });
});
