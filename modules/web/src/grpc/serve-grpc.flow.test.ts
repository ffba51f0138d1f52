import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as grpc from '@grpc/grpc-js';
import type { ServeScoringOptions } from '@edgewright/web';
import { describe, expect, it } from 'vitest';
import { grpcClient, inferRequest } from '../../../../test/support/grpc-client.ts';
import { need } from '../../../../test/support/need.ts';
import { webServer } from '../../../../test/support/web-fixture.ts';
import { loadGrpc } from './grpc-runtime.ts';

const run = promisify(execFile);
const runtime = await loadGrpc();

/** A host with gRPC over the affine model, and calls to it. */
async function start(options: Partial<ServeScoringOptions> = {}) {
  const server = await webServer({}, { grpcPort: 0, ...options });
  return { server, port: server.grpcPort ?? 0, call: grpcClient(runtime, server.grpcPort ?? 0) };
}

const request = inferRequest();
const [x] = request.inputs;
const bytes = (...values: number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);

describe('the Open Inference Protocol over gRPC', () => {
  it('serves NVIDIA’s Python client: raw tensors, listed ones, streams', async (context) => {
    const { executable } = await need(context, 'python');
    const { port } = await start();
    const client = fileURLToPath(new URL('../../../../test/support/oip-client/grpc_client.py', import.meta.url));
    const { stdout } = await run(executable, [client, `127.0.0.1:${port}`], { timeout: 120_000 });
    const tensor = (name: string) => ({ name, datatype: 'FP32', shape: ['-1', '3'] });
    const streamed: unknown[] = Array.from({ length: 20 }, (_, n) => [String(n), [2 * n + 1, 2 * n + 1, 2 * n + 1]]);
    streamed[7] = expect.stringContaining('"x"');
    expect(JSON.parse(stdout)).toEqual({
      live: true,
      ready: true,
      'model ready': true,
      'version ready': true,
      server: { name: 'edgewright', version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string, extensions: ['binary_tensor_data', 'statistics', 'model_repository'] },
      model: { name: 'tiny', versions: ['1'], platform: 'onnx_onnxv1', inputs: [tensor('x')], outputs: [tensor('y')] },
      index: { models: [{ name: 'tiny', version: '1', state: 'READY' }] },
      raw: { y: [[3, 5, 7], [9, 11, 13]], id: 'an id' },
      large: 450_000,
      'other model': { status: 'StatusCode.NOT_FOUND', message: 'there is no model "other"; there is tiny:1' },
      'wrong shape': { status: 'StatusCode.INVALID_ARGUMENT', message: expect.stringContaining('is FP32[2,4] but must be FP32[-1,3]') as string },
      listed: [3, 5, 7],
      stream: streamed,
    });
  }, 400_000); // prettier-ignore

  it.each([
    { what: 'fewer raw tensors than inputs', change: { inputs: [x, { ...x, name: 'z' }] }, text: 'it has 1 elements for 2 inputs' },
    { what: 'elements in both places', change: { inputs: [{ ...x, contents: { fp32_contents: [1, 2, 3] } }] }, text: 'are in raw_input_contents already' },
    { what: 'too few bytes', change: { raw_input_contents: [bytes(1, 2)] }, text: 'has 8 bytes, but FP32[1,3] takes 12' },
    { what: 'a shape below zero', change: { inputs: [{ ...x, shape: ['-1', '3'] }] }, text: '$.inputs[0].shape[0]' },
    { what: 'an unknown datatype', change: { inputs: [{ ...x, datatype: 'FP8' }] }, text: '"FP8"' },
    { what: 'halves in a list', change: { inputs: [{ ...x, datatype: 'FP16' }], raw_input_contents: [] }, text: 'raw_input_contents alone' },
    { what: 'an output that is not there', change: { outputs: [{ name: 'q' }] }, text: 'has no output "q"; there is y' },
    { what: 'shared memory', change: { inputs: [{ ...x, parameters: { shared_memory_region: { string_param: 'r' } } }] }, text: 'this extension of the protocol is not served' },
  ])('refuses $what', async ({ change, text }) => {
    const { call } = await start();
    await expect(call.infer({ ...request, ...change })).rejects.toMatchObject({ code: grpc.status.INVALID_ARGUMENT, details: expect.stringContaining(text) as string });
  }); // prettier-ignore

  it('names the request and the failure in the trailer, and counts it', async () => {
    const { server, call } = await start();
    const failure = call.infer({ ...request, model_name: 'other' }, { headers: { 'x-request-id': 'mine' } });
    const error = await failure.then(
      () => undefined,
      (thrown: grpc.ServiceError) => thrown,
    );
    expect(error?.metadata.getMap()).toMatchObject({ 'x-request-id': 'mine', 'edgewright-code': 'ModelUnknown' });
    await call.infer(request);
    const text = await (await fetch(`${server.url}/metrics`)).text();
    expect(text).toContain('edgewright_scoring_requests_total{host="grpc",outcome="ok"} 1');
    expect(text).toContain('edgewright_scoring_requests_total{host="grpc",outcome="ModelUnknown"} 1');
  });

  it('refuses a message above the limit of a body', async () => {
    const { call } = await start({ limits: { bodyBytes: 1000 } });
    const big = { ...request, inputs: [{ ...x, shape: ['100', '3'] }], raw_input_contents: [Buffer.alloc(1200)] };
    await expect(call.infer(big)).rejects.toMatchObject({ code: grpc.status.RESOURCE_EXHAUSTED });
    expect(await call.infer(request)).toMatchObject({ model_name: 'tiny' });
  });
});
