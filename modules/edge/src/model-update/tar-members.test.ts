import { buffer } from 'node:stream/consumers';
import tar from 'tar-stream';
import { expect, it } from 'vitest';
import { tarMembers } from './tar-members.ts';

async function archiveOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const pack = tar.pack();
  for (const [name, text] of Object.entries(files)) pack.entry({ name }, text);
  pack.entry({ name: 'folder', type: 'directory' });
  pack.finalize();
  return buffer(pack);
}

it('lists files and where they are, with paths of any length', async () => {
  const files = { 'a/model.onnx': 'weights', empty: '', [`deep/${'x'.repeat(180)}/ö.txt`]: 'z'.repeat(1300) };
  const archive = await archiveOf(files);
  const members = await tarMembers(async (offset, length) => archive.subarray(offset, offset + length));
  const found = members.map(({ path, offset, sizeBytes }) => [
    path,
    archive.toString('utf8', offset, offset + sizeBytes),
  ]);
  expect(Object.fromEntries(found)).toEqual(files);
});

it('takes nothing else for an archive', async () => {
  const other = Buffer.alloc(2048, 'x');
  await expect(tarMembers(async (offset, length) => other.subarray(offset, offset + length))).rejects.toThrow(
    RangeError,
  );
});
