import { expect, it } from 'vitest';
import type { EngineModel } from '../engine-options.ts';
import type { Availability, Backend } from './backend.ts';
import { chooseBackend } from './choose-backend.ts';

const backend = (name: Backend['name'], availability: Availability, formats: Backend['formats'] = ['onnx']): Backend => ({
  name,
  formats,
  native: false,
  probe: () => Promise.resolve(availability),
  load: () => Promise.reject(new TypeError('not loaded in these tests')),
}); // prettier-ignore

const loads = { available: true, reason: 'it loads' };
const missing = { available: false, reason: 'no build for linux-arm' };
const models: EngineModel[] = [{ name: 'm', version: 1, path: '/m.onnx', format: 'onnx' }];

it('takes the first that loads, and says what it passed over', async () => {
  const first = await chooseBackend('auto', models, [backend('onnx', loads), backend('wasm', loads)]);
  expect(first.backend.name).toBe('onnx');
  const second = await chooseBackend('auto', models, [backend('onnx', missing), backend('wasm', loads)]);
  expect(second.backend.name).toBe('wasm');
  expect(second.reason).toBe('first choice that can run here; it loads; onnx cannot: no build for linux-arm');
});

it('takes the one that was asked for', async () => {
  const { backend: taken, reason } = await chooseBackend('wasm', models, [backend('onnx', loads), backend('wasm', loads)]); // prettier-ignore
  expect(taken.name).toBe('wasm');
  expect(reason).toBe('asked for by name; it loads');
});

it('refuses one that was asked for and cannot run, with what is available: it never takes another', async () => {
  const candidates = [backend('onnx', missing), backend('wasm', loads)];
  await expect(chooseBackend('onnx', models, candidates)).rejects.toMatchObject({
    code: 'BackendUnavailable',
    message: 'the backend "onnx" cannot run here: no build for linux-arm; available: wasm',
    details: {
      wanted: 'onnx',
      backends: [
        { backend: 'onnx', available: false, reason: 'no build for linux-arm' },
        { backend: 'wasm', available: true, reason: 'it loads' },
      ],
    },
  });
});

it('refuses one that this build does not have', async () => {
  await expect(chooseBackend('wasm', models, [backend('onnx', loads)])).rejects.toMatchObject({
    message: 'the backend "wasm" cannot run here: this build of edgewright does not have it; available: onnx',
  });
});

it('refuses when none reads the format or loads, with the reason of each', async () => {
  const other: EngineModel[] = [{ name: 'm', version: 2, path: '/m.bin', format: 'other' }];
  await expect(chooseBackend('auto', other, [backend('onnx', loads), backend('wasm', missing)])).rejects.toMatchObject({
    code: 'BackendUnavailable',
    message:
      'no backend can run the models here; onnx: m:2 is not in a format that it reads (onnx); wasm: m:2 is not in a format that it reads (onnx); available: none',
  });
});
