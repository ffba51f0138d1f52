import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { Workspace } from 'edgewright';
import type { Comparison } from '../harness.ts';
import { seconds } from './plant.ts';

const run = promisify(execFile);
const REGISTER = 'register 1 GB, against cp, sync and sha256sum';
const READ = 'read 1 GB, checked, against sha256sum';
const GIGABYTE = 1_000_000_000;
const PIECE = 10_000_000;

/** The model registry with a large file. The baseline copies it, brings the copy to the disk and takes its digest. */
export async function registryComparison(folder: string): Promise<Comparison> {
  const file = path.join(folder, 'large.bin');
  {
    await using handle = await open(file, 'wx');
    for (let at = 0; at < GIGABYTE; at += PIECE) await handle.write(randomBytes(PIECE));
    await handle.sync();
  }
  const megabytesPerSecond = async (work: () => Promise<unknown>): Promise<number> =>
    GIGABYTE / 1e6 / (await seconds(work));
  const inFolder = async (
    work: (place: string) => Promise<Record<string, number>>,
  ): Promise<Record<string, number>> => {
    const place = await mkdtemp(path.join(folder, 'large-'));
    try {
      return await work(place);
    } finally {
      await rm(place, { recursive: true });
    }
  };
  return {
    metrics: [
      { metric: REGISTER, unit: 'MB/s', better: 'larger' },
      { metric: READ, unit: 'MB/s', better: 'larger' },
    ],
    rounds: 3,
    ours: () =>
      inFolder(async (place) => {
        await using workspace = await Workspace.open(place);
        const register = await megabytesPerSecond(() => workspace.models.register({ name: 'large', path: file }));
        const model = await workspace.models.show('large');
        return { [REGISTER]: register, [READ]: await megabytesPerSecond(() => workspace.models.directoryOf(model)) };
      }),
    baseline: () =>
      inFolder(async (place) => {
        const copy = path.join(place, 'copy.bin');
        const register = await megabytesPerSecond(async () => {
          await run('cp', ['--reflink=never', file, copy]);
          await run('sync', [copy]);
          await run('sha256sum', [copy]);
        });
        return { [REGISTER]: register, [READ]: await megabytesPerSecond(() => run('sha256sum', [copy])) };
      }),
  };
}
