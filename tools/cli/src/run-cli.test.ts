import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from './run-cli.ts';

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'edgewright-cli-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function run(argv: readonly string[], input = ''): Promise<Outcome> {
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const exitCode = await runCli({
    argv,
    environment: {},
    currentDirectory: folder,
    stdin: Readable.from([Buffer.from(input)]),
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    signal: new AbortController().signal,
    program: [],
  });
  return { exitCode, ...written };
}

describe('the command', () => {
  const wrong: [string, string[], string][] = [
    ['an unknown verb', ['bogus'], "unknown command 'bogus'"],
    ['a group without a verb', ['model'], 'needs a verb: register, list, show'],
    ['a missing flag', ['model', 'register', '-n', 'x'], '--model-path'],
    ['an unknown flag', ['model', 'list', '--nope'], "unknown option '--nope'"],
    ['an unknown output format', ['model', 'list', '--output', 'xml'], 'expected table or json'],
    ['a number that is none', ['model', 'list', '--page-size', 'many'], 'expected a whole number from 1 to 1000'],
    ['a budget that is no time', ['tune', 'm.onnx', '--budget', 'soon'], 'expected a time of at least 5s, such as 90s'],
    ['a budget that is too short', ['tune', 'm.onnx', '--budget', '1s'], '--budget is "1s"'],
    ['a memory bound that is none', ['tune', 'm.onnx', '--max-memory', 'much'], 'expected a size of at least 16m'],
    ['a latency that is none', ['tune', 'm.onnx', '--max-p99-ms', '0'], 'expected a number above 0'],
    ['two kinds of load', ['tune', 'm.onnx', '--rate', '5', '--concurrency', '2'], 'give one of both'],
    ['an objective that is none', ['tune', 'm.onnx', '--objective', 'joy'], 'throughput, latency, memory, energy'],
    ['a module without a manifest', ['tune', 'm.onnx', '--module', 'scorer'], 'there is no --manifest'],
    ['a manifest to write to that is not there', ['tune', 'm.onnx', '--manifest', 'none.json'], 'none.json'],
    ['a page in no folder', ['tune', 'm.onnx', '--page', 'none/page.html'], 'there is no folder'],
    ['a variant without a name', ['tune', 'm.onnx', '--variant', '=x.onnx'], '--variant "=x.onnx" has no key'],
    ['a model to tune that is not there', ['tune', 'nope.onnx'], 'nope.onnx'],
    ['a port out of range', ['serve', 'm.onnx', '--port', '70000'], 'expected a whole number from 0 to 65535'],
    [
      'an unknown platform',
      ['image', 'build', '-m', 'm', '--platforms', 'amd64,mips'],
      'expected one of amd64, arm64v8, arm32v7',
    ],
    ['a model that was never registered', ['model', 'show', '-i', 'nobody:1'], 'nobody'],
    ['a reference that is none', ['model', 'show', '-i', 'a:b:c'], 'expected NAME or NAME:VERSION'],
    ['a model file that is not there', ['model', 'register', '-n', 'm', '-p', 'nope.onnx'], 'nope.onnx'],
    ['a model file to serve that is not there', ['serve', 'nope.onnx'], 'there is no such file'],
    ['a manifest that is not there', ['manifest', 'lint', 'nope.json'], 'there is no such file'],
    ['a model to delete without its version', ['model', 'delete', '-i', 'nobody'], 'names no version'],
    ['an amount that is none', ['model', 'update', '-i', 'm:1', '--cc', 'many'], 'expected a number such as 2 or 0.5'],
    ['a package of nothing', ['model', 'package'], 'no model was named'],
    ['a Dockerfile without a folder', ['model', 'package', '-m', 'm', '--generate-dockerfile'], 'belong together'],
    ['an image that was never built', ['image', 'show', 'nobody:1'], 'no image was built there'],
    ['an image to push that is not there', ['image', 'push', 'nobody:1'], 'no image was built there'],
    ['an image to delete that is not there', ['image', 'delete', 'nobody:1'], 'no image was built there'],
    [
      'an image for an archive that is not there',
      ['image', 'push', 'no:1', '--to', 'docker-archive:a.tar'],
      'no image was',
    ],
    ['a reference without a registry', ['image', 'pull', 'nobody:1'], 'names no registry'],
    ['a user name without a password', ['image', 'pull', 'a.b/c:1', '--username', 'me'], 'there is only a name'],
    ['a simulator that does not run', ['sim', 'stop'], 'no simulator runs'],
    [
      'a Docker Engine as the host',
      ['sim', 'start', '--host', 'unix:///run/docker.sock'],
      'name a Docker Engine with -H',
    ],
    ['a Docker Engine elsewhere', ['sim', 'start', '-H', 'tcp://build:2375'], 'the engine must be on this machine'],
    ['an engine for processes', ['sim', 'start', '-H', 'unix:///x', '--modules-as', 'processes'], 'asks for processes'],
    ['an authority without its key', ['sim', 'generatedeviceca', '-c', 'ca.pem'], 'belong together'],
    ['an authority that is not there', ['sim', 'generatedeviceca', '-c', 'no.pem', '-k', 'no.pem'], 'cannot read'],
    ['a twin change that is none', ['edge', 'twin', 'update', '-d', 'd', '--tags', '[1]'], 'expected a JSON object'],
    ['a service that is not there', ['service', 'show', '-n', 'nope'], 'there is no service "nope"'],
    ['a deployment to nowhere', ['model', 'deploy', '-n', 'svc', '-m', 'm'], 'give --dc FILE, or --cp local'],
    ['a service with a bad name', ['model', 'deploy', '-n', 'S', '-m', 'm', '--cp', 'local'], '"S" cannot be the name'],
    [
      'a setting out of bounds',
      ['model', 'deploy', '-n', 'svc', '-m', 'm', '--cp', 'local', '--timeout-ms', '3'],
      '$.scoringTimeoutMs: expected a value >= 5, found 3',
    ],
    [
      'a setting that is no number',
      ['model', 'deploy', '-n', 'svc', '-m', 'm', '--cp', 'local', '--port', 'x'],
      '$.port: expected a value of type integer',
    ],
    ['a cluster that is not attached', ['computetarget', 'show', '-n', 'nope'], 'no compute target "nope"'],
    [
      'a kubeconfig that is not there',
      ['computetarget', 'attach', 'aks', '-n', 'prod', '--kubeconfig', 'nope'],
      'cannot use the kubeconfig',
    ],
    ['a batch job without a model', ['batch', 'submit', '-n', 'job', '-i', 'x.csv'], 'it names no model'],
    ['a batch job that is not there', ['batch', 'status', '-n', 'nope'], 'no batch job "nope"'],
    [
      'a size that is none',
      ['batch', 'submit', '-n', 'job', '--mini-batch-size', '1 MB'],
      '$.miniBatchSize: expected what one',
    ],
    ['a rollout that was never started', ['rollout', 'status', 'x'], 'there is none'],
    ['a rollout file that is not there', ['rollout', 'start', 'nope.yaml'], 'there is no such file'],
    ['a hub that nobody named', ['edge', 'apply', '-d', 'd', '-k', 'nope.json'], 'nope.json'],
  ];

  it.each(wrong)('answers %s with what is wrong, what to do, and exit code 2', async (_, argv, text) => {
    const outcome = await run(argv);
    expect(outcome.exitCode).toBe(2);
    expect(outcome.stderr).toContain(text);
    expect(outcome.stderr).toContain('what to do:');
    expect(outcome.stderr).not.toMatch(/\n {4}at /);
    expect(outcome.stdout).toBe('');
  });

  it('prints one JSON document on stdout, for failures too', async () => {
    const outcome = await run(['model', 'show', '-i', 'nobody:1', '--output', 'json']);
    expect(outcome.exitCode).toBe(2);
    expect(JSON.parse(outcome.stdout)).toMatchObject({ error: { code: 'ModelNotFound', fault: 'user' } });
  });

  it('names a broken JSON file, the line and the column', async () => {
    await writeFile(path.join(folder, 'broken.json'), '{\n  "modulesContent": }\n');
    const outcome = await run(['manifest', 'lint', 'broken.json']);
    expect(outcome.exitCode).toBe(2);
    expect(outcome.stderr).toContain('broken.json: not valid JSON at line 2, column 21');
  });

  it('refuses a model file that is not ONNX', async () => {
    await writeFile(path.join(folder, 'page.onnx'), '<!DOCTYPE html><html></html>');
    const outcome = await run(['model', 'register', '-n', 'page', '-p', 'page.onnx']);
    expect(outcome.exitCode).toBe(2);
    expect(outcome.stderr).toContain('ModelFileInvalid');
  });

  it('accepts the common flags before and after the verb', async () => {
    const before = await run(['--output', 'json', 'model', 'list']);
    const after = await run(['model', 'list', '--output', 'json']);
    expect(JSON.parse(before.stdout)).toEqual(JSON.parse(after.stdout));
    expect(before.exitCode).toBe(0);
  });

  it.each([
    ['model', 'register'],
    ['model', 'list'],
    ['model', 'show'],
    ['model', 'update'],
    ['model', 'download'],
    ['model', 'delete'],
    ['model', 'package'],
    ['image', 'build'],
    ['image', 'push'],
    ['image', 'pull'],
    ['image', 'list'],
    ['image', 'show'],
    ['image', 'sign'],
    ['image', 'verify'],
    ['image', 'delete'],
    ['key', 'create'],
    ['model', 'deploy'],
    ['computetarget', 'attach', 'aks'],
    ['computetarget', 'attach', 'aci'],
    ...['list', 'show', 'detach'].map((verb) => ['computetarget', verb]),
    ...[
      'list',
      'show',
      'update',
      'reload',
      'run',
      'get-logs',
      'get-keys',
      'regen-key',
      'get-access-token',
      'delete',
    ].map((verb) => ['service', verb]),
    ['manifest', 'build'],
    ['manifest', 'new'],
    ['manifest', 'lint'],
    ['manifest', 'explain'],
    ['manifest', 'graph'],
    ['edge', 'apply'],
    ['edge', 'deployment', 'create'],
    ['edge', 'deployment', 'update'],
    ['edge', 'deployment', 'revise'],
    ['edge', 'deployment', 'list'],
    ['edge', 'plan'],
    ['edge', 'diff'],
    ['rollout', 'start'],
    ['rollout', 'status'],
    ['rollout', 'pause'],
    ['rollout', 'resume'],
    ['rollout', 'abort'],
    ['rollout', 'rollback'],
    ['rollout', 'approve'],
    ['rollout', 'history'],
    ['edge', 'twin', 'show'],
    ['edge', 'twin', 'update'],
    ['edge', 'invoke'],
    ['edge', 'logs'],
    ['edge', 'monitor'],
    ['sim', 'start'],
    ['sim', 'send'],
    ['sim', 'monitor'],
    ['sim', 'stop'],
    ['sim', 'device', 'create'],
    ['sim', 'message', 'send'],
    ['sim', 'message', 'feedback'],
    ['sim', 'message', 'purge'],
    ['sim', 'setup'],
    ['sim', 'modulecred'],
    ['sim', 'validateconfig'],
    ['sim', 'generatedeviceca'],
    ['sim', 'record'],
    ['sim', 'replay'],
    ['sim', 'fault', 'drop-puback'],
    ['sim', 'fault', 'slow-link'],
    ['sim', 'fault', 'list'],
    ['sim', 'fault', 'clear'],
    ['route', 'test'],
    ['serve'],
  ])('has help with an example for %s %s', async (...verb) => {
    // prettier-ignore
    const outcome = await run([...verb.filter((word) => word !== undefined), '--help']);
    expect(outcome.exitCode).toBe(0);
    expect(outcome.stdout).toContain('Example:\n  $ ');
  });
});

describe('key create', () => {
  it('writes two files, of which one is secret, and never over others', async () => {
    const made = await run(['key', 'create', 'release', '--output', 'json']);
    expect(JSON.parse(made.stdout)).toEqual({
      privateKeyFile: path.join(folder, 'release.key'),
      publicKeyFile: path.join(folder, 'release.pub'),
    });
    expect((await stat(path.join(folder, 'release.key'))).mode & 0o777).toBe(0o600);
    expect(await readFile(path.join(folder, 'release.pub'), 'utf8')).toContain('BEGIN PUBLIC KEY');
    const again = await run(['key', 'create', 'release']);
    expect(again).toMatchObject({ exitCode: 2, stdout: '' });
    expect(again.stderr).toContain('KeyNotWritten');
  });
});

describe('route test', () => {
  const route = "FROM /messages/modules/m/outputs/* WHERE level = 'high' INTO $upstream";

  it('answers each line of NDJSON with one line of JSON', async () => {
    const lines = [
      { source: '/messages/modules/m/outputs/o', properties: { level: 'high' } },
      { source: '/messages/modules/m/outputs/o', properties: { level: 'low' } },
      { source: '/messages/modules/m/outputs/o' },
      { route: 'FROM /messages/* WHERE ( INTO $upstream' },
    ];
    const outcome = await run(
      ['route', 'test', '--route', route],
      lines.map((line) => JSON.stringify(line)).join('\n'),
    );
    const answers = outcome.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(answers.map(({ matched }) => matched)).toEqual([true, false, null, null]);
    expect(answers[0]).toMatchObject({ sink: '$upstream', error: null });
    expect(answers[3]?.['error']).toMatchObject({ position: expect.any(Number) as number });
    expect(outcome.exitCode).toBe(0);
  });
});
