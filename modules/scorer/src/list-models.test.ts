import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/support/engine-fixture.ts';
import { listModels } from './list-models.ts';

it('finds models by name and version, and says why one cannot be loaded', async () => {
  const folder = await temporaryFolder();
  const write = async (file: string) => {
    await mkdir(path.join(folder, path.dirname(file)), { recursive: true });
    await writeFile(path.join(folder, file), '');
  };
  const files = ['a/1/net.onnx', 'a/10/model.onnx', 'a/10/other.onnx', 'a/10/notes.txt', 'b/2/model.json', 'b/2/weights.bin', 'c/1/one.onnx', 'c/1/two.onnx', 'd/1/notes.txt', '.git/1/model.onnx', 'not a name/1/model.onnx', 'a/latest/model.onnx', 'a/01/model.onnx', 'file.onnx']; // prettier-ignore
  for (const file of files) await write(file);
  await symlink(path.join(folder, 'a'), path.join(folder, 'linked'));
  await symlink(path.join(folder, 'file.onnx'), path.join(folder, 'broken'));
  const at = (file: string) => path.join(folder, file);
  expect(await listModels(folder)).toEqual([
    { name: 'a', version: 1, path: at('a/1/net.onnx'), format: 'onnx' },
    { name: 'a', version: 10, path: at('a/10/model.onnx'), format: 'onnx' },
    { name: 'b', version: 2, path: at('b/2/model.json'), format: 'tfjs' },
    { name: 'c', version: 1, fault: 'there are several model files, one.onnx, two.onnx: call the one that is meant model.onnx' },
    { name: 'd', version: 1, fault: 'there is no model file' },
    { name: 'linked', version: 1, path: at('linked/1/net.onnx'), format: 'onnx' },
    { name: 'linked', version: 10, path: at('linked/10/model.onnx'), format: 'onnx' },
  ]); // prettier-ignore
});
