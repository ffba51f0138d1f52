import { describe, expect, it } from 'vitest';
import { parseRemoteModel } from './remote-model.ts';

const least = {
  protocol: 'open-inference',
  address: 'fpga.local:50051',
  model: { name: 'net' },
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
};

describe('a description of a remote model', () => {
  it('may say no more than where, how and what', () => {
    expect(parseRemoteModel(JSON.stringify(least), 'net.remote.json')).toEqual(least);
  });

  it.each([
    [{ tls: true, caFile: 'ca.pem', tokenFile: '/run/secrets/token', service: 'resnet50' }],
    [{ address: '127.0.0.1:50051', tokenFile: 'token' }],
    [{ address: '[::1]:50051', tokenFile: 'token' }],
    [{ protocol: 'tensorflow-serving', model: { name: '', version: '3', signature: 'serving_default' } }],
    [{ inputs: [{ name: 'jpeg', datatype: 'BYTES', shape: [-1], encoding: 'base64' }] }],
    [{ timeoutMs: 1, tries: 10, maxMessageBytes: 1024, keepAliveMs: 10_000 }],
  ])('may say %j', (more) => {
    expect(parseRemoteModel(JSON.stringify({ ...least, ...more }), 'f')).toEqual({ ...least, ...more });
  });

  it.each([
    [{ protocol: 'http' }, '$.protocol'],
    [{ address: 'fpga.local' }, '$.address: expected HOST:PORT, found "fpga.local"'],
    [{ address: 'http://fpga:80' }, '$.address'],
    [{ address: 'fpga:70000' }, '$.address'],
    [{ caFile: 'ca.pem' }, '$.caFile: it is given, but "tls" is not true'],
    [{ tokenFile: 'token' }, 'the token would travel in clear to fpga.local:50051'],
    [{ address: '127.0.0.1.evil.example:1', tokenFile: 'token' }, 'in clear'],
    [{ token: 'secret' }, '$.token'],
    [{ model: { name: 'net', signature: 's' } }, '$.model.signature'],
    [{ inputs: [] }, '$.inputs'],
    [{ inputs: [...least.inputs, ...least.inputs] }, '$.inputs[1].name: "x" stands there twice'],
    [{ outputs: [{ ...least.outputs[0], encoding: 'utf8' }] }, '$.outputs[0].encoding: only BYTES has one, not FP32'],
    [{ outputs: [{ name: 'y', datatype: 'FP8', shape: [] }] }, '$.outputs[0].datatype'],
    [{ tries: 0 }, '$.tries'],
    [{ keepAliveMs: 1000 }, '$.keepAliveMs'],
  ])('may not say %j', (more, words) => {
    expect(() => parseRemoteModel(JSON.stringify({ ...least, ...more }), 'net.remote.json')).toThrow(words);
  });
});
