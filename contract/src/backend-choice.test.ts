import { describe, expect, it } from 'vitest';
import { parseBackendChoice } from './backend-choice.ts';
import { documentIssues } from './document.ts';
import { parseExecutionProviders } from './execution-provider.ts';
import { InferenceConfigSchema } from './inference-config.ts';

describe('a choice of backends', () => {
  it.each([
    ['auto', 'auto'],
    ['onnx', 'onnx'],
    ['onnx,wasm', ['onnx', 'wasm']],
    [' onnx , wasm ', ['onnx', 'wasm']],
  ])('reads %j', (text, choice) => {
    expect(parseBackendChoice(text, '--backend')).toEqual(choice);
  });

  it.each(['', 'cuda', 'auto,wasm', 'onnx,', 'onnx,onnx'])('refuses %j', (text) => {
    expect(() => parseBackendChoice(text, '--backend')).toThrow(
      `--backend is ${JSON.stringify(text)}: expected auto, `,
    );
  });

  it.each([
    [{ backend: 'auto' }, 0],
    [{ backend: ['onnx', 'wasm'] }, 0],
    [{ backend: [] }, 1],
    [{ backend: ['auto'] }, 1],
    [{ backend: 'none' }, 1],
  ])('stands in an inference configuration: %j has faults: %i', (config, faults) => {
    expect(documentIssues(InferenceConfigSchema, config).length > 0).toBe(faults > 0);
  });
});

describe('execution providers', () => {
  it.each([
    ['cuda,cpu', ['cuda', 'cpu']],
    ['[{"name": "cuda", "deviceId": 1}, "cpu"]', [{ name: 'cuda', deviceId: 1 }, 'cpu']],
  ])('are read from %s', (text, providers) => {
    expect(parseExecutionProviders(text, '--execution-providers')).toEqual(providers);
  });

  it.each([
    ['', 'EP is not valid: $[0]'],
    ['CUDA', 'EP is not valid: $[0]'],
    ['[{"deviceId": 1}]', 'EP is not valid: $[0]'],
    ['[', 'cannot read EP: not valid JSON'],
    ['[]', 'EP is not valid: $:'],
  ])('are not read from %j', (text, words) => {
    expect(() => parseExecutionProviders(text, 'EP')).toThrow(words);
  });
});
