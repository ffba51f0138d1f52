import { expect, it } from 'vitest';
import type { EngineModel } from '../engine-options.ts';
import type { Availability, Backend } from './backend.ts';
import { chooseBackend } from './choose-backend.ts';

const backend = (name: Backend['name'], availability: Availability, formats: Backend['formats'] = ['onnx']): Backend => ({
  name,
  formats,
  packages: [],
  native: false,
  probe: () => Promise.resolve(availability),
  load: () => Promise.reject(new TypeError('not loaded in these tests')),
}); // prettier-ignore

const loads = { available: true, reason: 'it loads' };
const missing = { available: false, reason: 'no build for linux-arm' };
const models: EngineModel[] = [{ name: 'm', version: 1, path: '/m.onnx', format: 'onnx' }];

it('takes the first that loads, and says what it passed over', async () => {
  const first = await chooseBackend({ backend: 'auto', models }, [backend('onnx', loads), backend('wasm', loads)]);
  expect(first.backend.name).toBe('onnx');
  const second = await chooseBackend({ backend: 'auto', models }, [backend('onnx', missing), backend('wasm', loads)]);
  expect(second.backend.name).toBe('wasm');
  expect(second.reason).toBe('first choice that can run here; it loads; onnx cannot: no build for linux-arm');
});

it('takes the one that was asked for', async () => {
  const { backend: taken, reason } = await chooseBackend({ backend: 'wasm', models }, [backend('onnx', loads), backend('wasm', loads)]); // prettier-ignore
  expect(taken.name).toBe('wasm');
  expect(reason).toBe('asked for by name; it loads');
});

it('refuses one that was asked for and cannot run, with what is available: it never takes another', async () => {
  const candidates = [backend('onnx', missing), backend('wasm', loads)];
  await expect(chooseBackend({ backend: 'onnx', models }, candidates)).rejects.toMatchObject({
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
  await expect(chooseBackend({ backend: 'wasm', models }, [backend('onnx', loads)])).rejects.toMatchObject({
    message: 'the backend "wasm" cannot run here: this build of edgewright does not have it; available: onnx',
  });
});

it('refuses when none reads the format or loads, with the reason of each', async () => {
  const other: EngineModel[] = [{ name: 'm', version: 2, path: '/m.bin', format: 'other' }];
  await expect(
    chooseBackend({ backend: 'auto', models: other }, [backend('onnx', loads), backend('wasm', missing)]),
  ).rejects.toMatchObject({
    code: 'BackendUnavailable',
    message:
      'no backend can run the models here; onnx: m:2 is not in a format that it reads (onnx); wasm: m:2 is not in a format that it reads (onnx); available: none',
  });
});

it('takes the first of a list that can run: who names several allows another than the first', async () => {
  const candidates = [backend('wasm', loads), backend('onnx', missing), backend('tfjs', loads, ['tfjs'])];
  const { backend: taken, reason } = await chooseBackend({ backend: ['tfjs', 'onnx', 'wasm'], models }, candidates);
  expect(taken.name).toBe('wasm');
  expect(reason).toBe(
    'the first of tfjs, onnx, wasm that can run here; it loads; ' +
      'tfjs cannot: m:1 is not in a format that it reads (tfjs); onnx cannot: no build for linux-arm',
  );
});

it('refuses a list of which none can run, with what else is available', async () => {
  const candidates = [backend('wasm', loads), backend('onnx', missing)];
  await expect(chooseBackend({ backend: ['onnx'], models }, candidates)).rejects.toThrow(
    'none of the backends onnx can run the models here; onnx: no build for linux-arm; available: wasm',
  );
});

it('takes a backend for execution providers only when it has such', async () => {
  const withProviders: Backend = { ...backend('onnx', missing), takesProviders: true };
  const wish = { backend: 'auto', models, executionProviders: [{ name: 'cuda', deviceId: 1 }, 'cpu'] } as const;
  await expect(chooseBackend(wish, [withProviders, backend('wasm', loads)])).rejects.toThrow(
    'no backend can run the models here; onnx: no build for linux-arm; ' +
      'wasm: it has no execution providers, and cuda, cpu was asked for; available: none',
  );
});
