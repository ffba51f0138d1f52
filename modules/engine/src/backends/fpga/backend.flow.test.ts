import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { remoteProtocols } from '@edgewright/contract';
import type { Datatype, RemoteModel } from '@edgewright/contract';
import {
  remoteModel,
  sharedAccelerator,
  startAccelerator,
} from '../../../../../test/support/accelerator/start-accelerator.ts';
import type { AcceleratorOptions } from '../../../../../test/support/accelerator/start-accelerator.ts';
import { testEngine } from '../../../../../test/support/engine-fixture.ts';
import { need } from '../../../../../test/support/need.ts';
import { createTestCertificate } from '../../../../../test/support/test-certificate.ts';
import { affineOnnx } from '../../../../../test/support/tiny-models.ts';
import type { EngineModel } from '../../engine-options.ts';
import type { Tensor, TensorData } from '../../tensor.ts';
import type { Session } from '../backend.ts';
import { fpgaBackend } from './backend.ts';

// The server is test/support/accelerator/server.py: Python, with the protocol classes of TensorFlow Serving and of
// NVIDIA's tritonclient. It shares no code with what is tested.

type Protocol = RemoteModel['protocol'];

const affine = (address: string, more: Partial<RemoteModel> = {}): RemoteModel => ({
  protocol: 'tensorflow-serving',
  address,
  model: { name: 'affine' },
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 3] }],
  tries: 1,
  timeoutMs: 5_000,
  ...more,
});

const echo = (address: string, spec: RemoteModel['inputs'][number], protocol: Protocol): RemoteModel =>
  affine(address, { protocol, model: { name: 'echo' }, inputs: [spec], outputs: [{ ...spec, name: 'y' }] });

const row: { x: Tensor } = { x: { datatype: 'FP32', shape: [1, 3], data: Float32Array.of(1, 2, 3) } };
const scored = { y: { datatype: 'FP32', shape: [1, 3], data: Float32Array.of(3, 5, 7) } };

async function load(model: EngineModel): Promise<Session> {
  const session = await fpgaBackend.load(model, { threads: 1 });
  onTestFinished(() => session.release());
  return session;
}

/** A server with the model `affine`, and how a session with it is opened. Tests share those with the same options. */
async function start(python: string, options: AcceleratorOptions & { readonly own?: boolean } = {}) {
  const { own = false, ...rest } = options;
  const server = own ? await startAccelerator(python, rest) : await sharedAccelerator(python, rest);
  await server.addFile('affine.onnx', affineOnnx());
  const open = async (more: Partial<RemoteModel> = {}, files: Readonly<Record<string, string>> = {}) =>
    load(await remoteModel(affine(server.address, more), files));
  return { server, open };
}

describe.each(remoteProtocols)('over %s', (protocol) => {
  it('scores, and sends what Azure ML routes and authorises by', async (context) => {
    const { executable } = await need(context, 'python');
    const { server, open } = await start(executable, { token: 'secret', service: 'resnet50' });
    const session = await open({ protocol, service: 'resnet50', tokenFile: 'token' }, { token: 'secret\n' });
    expect(session.signature).toEqual({
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 3] }],
    });
    expect(await session.run(row)).toEqual(scored);
    expect(await server.calls()).toEqual([
      {
        call: protocol === 'open-inference' ? 'ModelInfer' : 'Predict',
        model: expect.objectContaining({ name: 'affine' }) as unknown,
        metadata: expect.objectContaining({
          authorization: 'Bearer secret',
          'x-ms-aml-grpc-service-route': '/api/v1/service/resnet50',
        }) as unknown,
      },
    ]);
  });

  it('carries texts, any bytes, and lists of values instead of bytes', async (context) => {
    const { executable } = await need(context, 'python');
    const { server } = await start(executable);
    const samples: readonly { datatype: Datatype; data: TensorData; encoding?: 'base64' }[] = [
      { datatype: 'BYTES', data: ['', 'text', 'ünï→🙂'] },
      { datatype: 'BYTES', data: ['', '/9j/4AAQSkY=', 'AP8='], encoding: 'base64' },
      { datatype: 'BF16', data: Uint16Array.of(0x3f80, 0x7f80, 0xc000) },
      { datatype: 'FP16', data: Uint16Array.of(0x3c00, 0x7bff, 0xfc00) },
      { datatype: 'FP32', data: Float32Array.of(Number.NaN, -Infinity, 1.5) },
      { datatype: 'FP64', data: Float64Array.of(Number.MIN_VALUE, Number.MAX_VALUE, -0) },
      { datatype: 'BOOL', data: Uint8Array.of(0, 1, 1) },
      { datatype: 'INT8', data: Int8Array.of(-128, 127, 127) },
      { datatype: 'UINT16', data: Uint16Array.of(0, 65_535, 65_535) },
      { datatype: 'UINT32', data: Uint32Array.of(0, 1, 4_294_967_295) },
      { datatype: 'INT64', data: BigInt64Array.of(-(2n ** 63n), 2n ** 53n + 1n, 2n ** 63n - 1n) },
      { datatype: 'UINT64', data: BigUint64Array.of(0n, 2n ** 53n + 1n, 2n ** 64n - 1n) },
    ];
    for (const answer of ['raw', 'values'] as const) {
      await server.behave({ answer });
      for (const { datatype, data, encoding } of samples) {
        const spec = { name: 'x', datatype, shape: [-1], ...(encoding === undefined ? {} : { encoding }) };
        const session = await load(await remoteModel(echo(server.address, spec, protocol)));
        expect(await session.run({ x: { datatype, shape: [3], data } })).toEqual({ y: { datatype, shape: [3], data } });
      }
    }
  });

  it.for([
    { answer: 'wrong type', words: '"y" is FP64, but is described as FP32' },
    { answer: 'wrong shape', words: '"y" has the shape [3], but is described as FP32[-1,3]' },
    { answer: 'nothing', words: 'it has no output "y"; it has other_y' },
  ] as const)('refuses an answer with $answer', async ({ answer, words }, context) => {
    const { executable } = await need(context, 'python');
    const { server, open } = await start(executable);
    await server.behave({ answer });
    const session = await open({ protocol });
    await expect(session.run(row)).rejects.toMatchObject({
      code: 'AcceleratorFailed',
      message: `cannot read the answer of the accelerator: the output ${words}`.replace('the output it', 'it'),
    });
  });

  it('refuses texts that are not what the description says', async (context) => {
    const { executable } = await need(context, 'python');
    const { server } = await start(executable);
    const spec: RemoteModel['inputs'][number] = { name: 'x', datatype: 'BYTES', shape: [-1] };
    const encoded: typeof spec = { ...spec, encoding: 'base64' };
    const description = { ...echo(server.address, encoded, protocol), outputs: [{ ...spec, name: 'y' }] };
    const session = await load(await remoteModel(description));
    const texts = (...data: string[]): { x: Tensor } => ({ x: { datatype: 'BYTES', shape: [data.length], data } });
    await expect(session.run(texts('aGk=', 'no base64'))).rejects.toMatchObject({
      code: 'InputInvalid',
      message: expect.stringContaining('element 1 of the input "x" is not base64') as string,
    });
    await expect(session.run(texts('/w=='))).rejects.toMatchObject({
      code: 'AcceleratorFailed',
      message: expect.stringContaining('"y" is not UTF-8; describe it with "encoding": "base64"') as string,
    });
  });

  it.for([
    {
      what: 'a model that is not there',
      more: { model: { name: 'nope' } },
      code: 'AcceleratorFailed',
      words: /NOT_FOUND: .*nope.*; check "model": it is \{"name":"nope"\}/,
    },
    {
      what: 'an output that is not there',
      more: { outputs: [{ name: 'z', datatype: 'FP32', shape: [-1, 3] }] },
      code: 'InputInvalid',
      words: /INVALID_ARGUMENT: .*z; compare "inputs" and "outputs"/,
    },
    {
      what: 'an input that does not fit',
      more: { inputs: [{ name: 'x', datatype: 'FP64', shape: [-1, 3] }] },
      code: 'InputInvalid',
      words: /INVALID_ARGUMENT: /,
    },
    {
      what: 'a service that is not there',
      more: { service: 'other' },
      code: 'AcceleratorFailed',
      words: /NOT_FOUND: no service has this route/,
    },
    {
      what: 'a wrong token',
      more: { service: 'net', tokenFile: 'token' },
      code: 'AcceleratorFailed',
      words: /UNAUTHENTICATED: Unauthorized; check "tokenFile" and "service"/,
    },
  ] as const)('says so of $what, and does not try again', async ({ more, code, words }, context) => {
    const { executable } = await need(context, 'python');
    const { server, open } = await start(executable, { token: 'right', service: 'net' });
    const files = { token: 'service' in more && 'tokenFile' in more ? 'wrong' : 'right' };
    const session = await open({ protocol, tries: 5, service: 'net', tokenFile: 'token', ...(more as object) }, files);
    const x: Tensor = {
      datatype: session.signature.inputs[0]?.datatype ?? 'FP32',
      shape: [1, 3],
      data: Float64Array.of(1, 2, 3),
    };
    const input = x.datatype === 'FP32' ? row : { x };
    const error: unknown = await session.run(input).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code,
      message: expect.stringMatching(words) as string,
      details: { address: server.address, tries: 1 },
    });
    expect(error).toHaveProperty('message', expect.stringContaining(`the accelerator at ${server.address} answered `));
    expect(await server.calls()).toHaveLength(1);
  });
});

describe('what may pass', () => {
  it.for(['UNAVAILABLE', 'ABORTED', 'INTERNAL', 'DEADLINE_EXCEEDED'])(
    '%s is tried again, up to the number of tries',
    async (fail, context) => {
      const { executable } = await need(context, 'python');
      const { server, open } = await start(executable);
      const session = await open({ tries: 3 });
      await server.behave({ fail, times: 2 });
      expect(await session.run(row)).toEqual(scored);
      expect(await server.calls()).toHaveLength(3);
      await server.behave({ fail, times: 3 });
      await expect(session.run(row)).rejects.toMatchObject({
        code: fail === 'DEADLINE_EXCEEDED' ? 'ScoringTimeout' : 'AcceleratorFailed',
        message: expect.stringContaining(`answered ${fail}, 3 times: as the test wants it; `) as string,
        details: { status: fail, tries: 3 },
      });
    },
  );

  it('a deadline is kept by this side, for each try', async (context) => {
    const { executable } = await need(context, 'python');
    const { server, open } = await start(executable);
    await server.behave({ delay: 0.6 });
    const session = await open({ tries: 2, timeoutMs: 250 });
    await expect(session.run(row)).rejects.toMatchObject({
      code: 'ScoringTimeout',
      message: expect.stringMatching(/DEADLINE_EXCEEDED, 2 times: .*; raise "timeoutMs" \(250\)/) as string,
    });
    await server.behave({ delay: 0 });
    expect(await session.run(row)).toEqual(scored);
  });

  it('a server that dies in the middle of a call, and comes back on its port', async (context) => {
    const { executable } = await need(context, 'python');
    const { server, open } = await start(executable, { own: true });
    const session = await open({ tries: 10 });
    expect(await session.run(row)).toEqual(scored);
    await server.behave({ die: true });
    const run = session.run(row);
    await server.end();
    const other = await start(executable, { port: server.port, own: true });
    expect(await run).toEqual(scored);
    expect(await other.server.calls()).toHaveLength(1);
  });

  it('a server that is not there, which is said with what to check', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => closed.once('listening', resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const session = await load(await remoteModel(affine(`127.0.0.1:${port}`, { tries: 2 })));
    await expect(session.run(row)).rejects.toMatchObject({
      code: 'AcceleratorFailed',
      message: expect.stringMatching(
        new RegExp(
          `127\\.0\\.0\\.1:${port} answered UNAVAILABLE, 2 times: .*; check "address" and "tls", and that it runs`,
        ),
      ) as string,
    });
  });

  it('a connection that leads nowhere any more: the next try makes a new one', async (context) => {
    const { executable } = await need(context, 'python');
    const { server, open } = await start(executable, { own: true });
    const session = await open({ tries: 3, timeoutMs: 1_000 });
    expect(await session.run(row)).toEqual(scored);
    server.freeze();
    const run = session.run(row);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    server.thaw();
    expect(await run).toEqual(scored);
  });

  it('a call that waits for its next try ends with the session', async () => {
    const model = await remoteModel(affine('127.0.0.1:1', { tries: 10 }));
    const session = await fpgaBackend.load(model, { threads: 1 });
    const run = session.run(row).catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await session.release();
    expect(await run).toMatchObject({ code: 'AcceleratorFailed' });
  });
});

describe('limits', () => {
  it('a request or an answer over the size of messages is refused with the setting to raise', async (context) => {
    const { executable } = await need(context, 'python');
    const { server, open } = await start(executable);
    const session = await open({ maxMessageBytes: 1024, tries: 5 });
    const rows = (count: number): { x: Tensor } => ({
      x: { datatype: 'FP32', shape: [count, 3], data: new Float32Array(3 * count) },
    });
    await expect(session.run(rows(1000))).rejects.toMatchObject({
      code: 'InputInvalid',
      message: expect.stringMatching(
        /RESOURCE_EXHAUSTED: .*; send less, or raise "maxMessageBytes" \(1024\)/,
      ) as string,
    });
    expect(await server.calls()).toHaveLength(0);
    const spec: RemoteModel['inputs'][number] = { name: 'x', datatype: 'UINT8', shape: [-1] };
    const output: typeof spec = { ...spec, name: 'y' };
    const long = affine(server.address, {
      model: { name: 'echo' },
      inputs: [spec],
      outputs: [output],
      maxMessageBytes: 1024,
    });
    const echoing = await load(await remoteModel(long));
    await server.behave({ answer: 'values' });
    const x: Tensor = { datatype: 'UINT8', shape: [900], data: Uint8Array.from({ length: 900 }, (_, i) => i % 256) };
    await expect(echoing.run({ x })).rejects.toMatchObject({
      code: 'AcceleratorFailed',
      message: expect.stringMatching(/RESOURCE_EXHAUSTED: Received message larger than max/) as string,
    });
  });
});

describe('TLS', () => {
  it('trusts the certificates that the description names, and no others', async (context) => {
    const { executable } = await need(context, 'python');
    const [right, other] = [await createTestCertificate(), await createTestCertificate()];
    const { open } = await start(executable, { certificate: right, token: 'secret' });
    const secure = { tls: true, caFile: 'ca.pem', tokenFile: 'token' } as const;
    const session = await open(secure, { 'ca.pem': right.certificate, token: 'secret' });
    expect(await session.run(row)).toEqual(scored);
    const distrusting = await open(secure, { 'ca.pem': other.certificate, token: 'secret' });
    await expect(distrusting.run(row)).rejects.toMatchObject({
      code: 'AcceleratorFailed',
      message: expect.stringMatching(/UNAVAILABLE: .*; check "address" and "tls"/) as string,
    });
  });
});

describe('descriptions', () => {
  it('may name a token that is replaced in place', async (context) => {
    const { executable } = await need(context, 'python');
    const { server } = await start(executable, { token: 'second' });
    const model = await remoteModel(affine(server.address, { tokenFile: 'token' }), { token: 'first' });
    const session = await load(model);
    await expect(session.run(row)).rejects.toMatchObject({ details: { status: 'UNAUTHENTICATED' } });
    const token = path.join(path.dirname(model.path), 'token');
    await writeFile(token, 'second');
    expect(await session.run(row)).toEqual(scored);
    await writeFile(token, 'two words');
    await expect(session.run(row)).rejects.toThrow(/cannot ask the accelerator at .*: .*token does not hold a token/);
  });

  it.each([
    { what: 'that is no JSON', text: '{', words: /tiny\.remote\.json: not valid JSON/ },
    { what: 'that breaks the schema', text: '{"protocol": "http"}', words: /tiny\.remote\.json is not valid: \$\./ },
    {
      what: 'whose token is missing',
      text: JSON.stringify(affine('127.0.0.1:1', { tokenFile: 'gone' })),
      words: /ENOENT.*gone/,
    },
    {
      what: 'whose certificates are missing',
      text: JSON.stringify(affine('h:1', { tls: true, caFile: 'gone' })),
      words: /ENOENT.*gone/,
    },
  ])('one $what is refused with the file and the reason', async ({ text, words }) => {
    const model = await remoteModel(affine('127.0.0.1:1'));
    await writeFile(model.path, text);
    await expect(fpgaBackend.load(model, { threads: 1 })).rejects.toMatchObject({
      code: 'ModelNotLoadable',
      message: expect.stringMatching(/^cannot load the model tiny:1 from .*tiny\.remote\.json: /) as string,
    });
    await expect(fpgaBackend.load(model, { threads: 1 })).rejects.toThrow(words);
  });
});

describe('an engine with a remote model', () => {
  it('chooses the backend by the format and scores in a worker', async (context) => {
    const { executable } = await need(context, 'python');
    const { server } = await start(executable);
    const models = [await remoteModel(affine(server.address))];
    const engine = await testEngine({ models, execution: 'worker' });
    expect(engine.describe()).toMatchObject({
      backend: 'fpga',
      backendReason: expect.stringContaining('gRPC loads') as string,
    });
    const { value } = await engine.score({ requestId: 'r', data: { data: [[1, 2, 3]] } });
    expect(value).toEqual({ predictions: [[3, 5, 7]] });
  });

  it('starts while the accelerator is not there yet, and scores once it is', async (context) => {
    const { executable } = await need(context, 'python');
    const first = await start(executable, { own: true });
    await first.server.end();
    const engine = await testEngine({ models: [await remoteModel(affine(first.server.address))], execution: 'inline' });
    await expect(engine.score({ requestId: 'r', data: { data: [[1, 2, 3]] } })).rejects.toMatchObject({
      code: 'AcceleratorFailed',
    });
    await start(executable, { port: first.server.port, own: true });
    await expect
      .poll(
        async () =>
          engine.score({ requestId: 'r', data: { data: [[1, 2, 3]] } }).then(
            ({ value }) => value,
            () => undefined,
          ),
        { timeout: 10_000 },
      )
      .toEqual({ predictions: [[3, 5, 7]] });
  });
});
