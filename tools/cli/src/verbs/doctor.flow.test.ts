import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { runCli } from '../run-cli.ts';

async function run(...argv: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof written) => ({ write: (text: string) => void (written[name] += text) });
  const exitCode = await runCli({
    argv: ['doctor', ...argv],
    environment: {},
    currentDirectory: tmpdir(),
    stdin: Readable.from([]),
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    signal: new AbortController().signal,
    program: [],
  });
  return { exitCode, ...written };
}

describe('edgewright doctor', () => {
  it('lists what can score here, with reasons, and needs no workspace', async () => {
    const { exitCode, stdout, stderr } = await run();
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(
      /^KIND +NAME +VERSION +AVAILABLE +WHY\nbackend +onnx +\d+\.\d+\.\d+ +yes +onnxruntime-node loads on /,
    );
    expect(stdout).toMatch(/^provider +cpu +yes +a model runs with it$/m);
    expect(stdout).toMatch(/^module +sharp +\d+\.\d+\.\d+ +yes +it loads$/m);
    expect(stdout).toMatch(/^threads: +\d+ of \d+ processors$/m);
    expect(stdout).toMatch(/^memory: +[\d.]+ \w+, [\d.]+ \w+ free$/m);
  });

  it('prints the same as JSON, and fails when what is required is not there', async () => {
    const { exitCode, stdout, stderr } = await run('--json', '--require', 'onnx,cpu,@tensorflow/tfjs-node');
    expect(JSON.parse(stdout)).toMatchObject({
      backends: [{ name: 'onnx' }, { name: 'wasm' }, { name: 'tfjs' }, { name: 'fpga' }],
      modules: [{ name: 'sharp' }, { name: '@tensorflow/tfjs-node', available: false, reason: 'it is not installed' }],
    });
    expect(stderr).toBe('@tensorflow/tfjs-node is not available: it is not installed\n');
    expect(exitCode).toBe(1);
  });

  it('knows what can be required', async () => {
    const { exitCode, stdout, stderr } = await run('--require', 'tpu');
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('--require names "tpu": expected some of onnx, wasm, tfjs, fpga, cpu');
  });

  it('explains itself', async () => {
    const { exitCode, stdout } = await run('--help');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Exit codes: 0 the report was made; 1 something that --require names is not available');
  });
});
