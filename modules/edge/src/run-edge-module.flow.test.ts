import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { documentIssues, parseJson, ScorerReportedSchema, ScoringErrorSchema } from '@edgewright/contract';
import { EngineError } from '@edgewright/engine';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startEdgeModule } from '../../../test/support/running-edge-module.ts';

describe('runEdgeModule', () => {
  it('scores a message and carries over what came with it', async () => {
    const { hub } = await startEdgeModule();
    await hub.deliver('sensorInput', '{"data":[1,2]}', {
      '$.mid': 'm-1',
      '$.cid': 'c-1',
      '$.cdid': 'dev',
      '$.cmid': 'sensor',
      patient: '7',
      modelName: 'forged',
    });
    expect(hub.outputs).toHaveLength(1);
    expect(hub.outputs[0]).toMatchObject({
      outputName: 'amlOutput',
      body: '{"data":[1,2]}',
      properties: {
        '$.cid': 'c-1',
        '$.ct': 'application/json',
        '$.ce': 'utf-8',
        patient: '7',
        modelName: 'stub',
        modelVersion: '3',
        backend: 'wasm',
        scoringMs: '1.000',
        AzureMLResponse: 'OK',
        inputMessageId: 'm-1',
      },
    });
    expect(hub.outputs[0]?.properties['$.mid']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5/);
    expect(hub.events.slice(-3)).toEqual(['output amlOutput', 'confirmed', 'acknowledged']);
  });

  it.each([
    ['not JSON', '{"data":', {}, 'MessageRejected', 'not JSON'],
    ['not UTF-8', Buffer.from([0xff]), {}, 'MessageRejected', 'not valid UTF-8'],
    ['of an unknown encoding', '1', { '$.ce': 'utf-32' }, 'MessageRejected', '"utf-32"'],
    ['refused by the model', '{"bad":1}', {}, 'InputInvalid', 'no such input'],
  ] as const)('sends what is %s to the error output, and acknowledges it', async (_, body, properties, code, text) => {
    const { hub, reported } = await startEdgeModule({
      score: () => {
        throw new EngineError('InputInvalid', 'no such input');
      },
    });
    await hub.deliver('in', body, { '$.mid': 'm-1', '$.cid': 'c-1', patient: '7', ...properties });
    expect(hub.outputs).toHaveLength(1);
    expect(hub.outputs[0]).toMatchObject({ outputName: 'amlError', properties: { patient: '7', '$.cid': 'c-1' } });
    const error = parseJson(hub.outputs[0]?.body ?? '', 'the error') as { message: string };
    expect(documentIssues(ScoringErrorSchema, error)).toEqual([]);
    expect(error).toMatchObject({ code, inputName: 'in', messageId: 'm-1', correlationId: 'c-1', modelName: 'stub' });
    expect(error.message).toContain(text);
    await expect.poll(() => reported()['state']).toBe('running');
  });

  it('tries again what the machine failed at, then gives it to the error output', async () => {
    let calls = 0;
    const { hub } = await startEdgeModule({
      score: () => {
        calls += 1;
        if (calls !== 3) throw new EngineError('ScoringFailed', 'out of memory');
        return 'ok';
      },
    });
    await hub.deliver('in', '1');
    expect(hub.outputs.map(({ outputName, body }) => [outputName, body])).toEqual([['amlOutput', '"ok"']]);
    await hub.deliver('in', '2');
    expect(calls).toBe(6);
    expect(hub.outputs[1]).toMatchObject({ outputName: 'amlError' });
    expect(hub.outputs[1]?.body).toContain('out of memory');
  });

  it('refuses a result that no message can hold, with the sizes', async () => {
    const { hub } = await startEdgeModule({ score: () => 'x'.repeat(300_000) });
    await hub.deliver('in', '1');
    expect(hub.outputs).toHaveLength(1);
    expect(parseJson(hub.outputs[0]?.body ?? '', 'the error')).toMatchObject({
      code: 'OutputTooLarge',
      message: /it takes 30\d{4} bytes of the 261120/ as never,
    });
  });

  it('drops what the sender brought along when even the error would be too large with it', async () => {
    const { hub } = await startEdgeModule();
    await hub.deliver('in', 'no json', {
      '$.mid': 'm'.repeat(30_000),
      '$.cid': 'c'.repeat(30_000),
      p: 'x'.repeat(5_400),
    });
    expect(hub.outputs[0]).toMatchObject({ outputName: 'amlError', properties: { '$.cid': 'c'.repeat(128) } });
  });

  it('recognises a message that comes again because its acknowledgement was lost', async () => {
    const { hub } = await startEdgeModule();
    let dropped = false;
    hub.onOutput = () => {
      if (!dropped) setImmediate(() => hub.dropConnections());
      const isFirst = !dropped;
      dropped = true;
      return isFirst ? 'ignore' : 'confirm';
    };
    await hub.deliver('in', '{"data":1}', { '$.mid': 'm-1' });
    const ids = hub.outputs.map(({ properties }) => properties['$.mid']);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it('follows the mapping of its desired properties', async () => {
    const { hub, reported } = await startEdgeModule({
      prepare: (it) => {
        it.desired = {
          $version: 7,
          mapping: { outputs: ['scores'], error: 'faults', inputs: { raw: { outputs: ['a', 'b'] } } },
        };
      },
    });
    await hub.deliver('in', '1');
    await hub.deliver('raw', '2', { '$.mid': 'm' });
    await hub.deliver('in', '{');
    expect(hub.outputs.map(({ outputName }) => outputName)).toEqual(['scores', 'a', 'b', 'faults']);
    expect(hub.outputs[1]?.properties['$.mid']).not.toBe(hub.outputs[2]?.properties['$.mid']);
    await expect.poll(reported).toMatchObject({ settings: { status: 'applied', desiredVersion: 7, reason: null } });
  });

  it('refuses desired properties with a mistake whole, and says why', async () => {
    const { hub, reported } = await startEdgeModule();
    await hub.deliver('in', '1');
    hub.patchDesired({ mapping: { outputs: ['other'] }, limits: { maxAttempts: 0 }, colour: 'red' });
    await expect.poll(reported).toMatchObject({ settings: { status: 'refused', desiredVersion: 2 } });
    const { reason } = reported()['settings'] as { reason: string };
    expect(reason).toContain('$.limits.maxAttempts: expected');
    expect(reason).toContain('found the unknown key "colour"');
    await hub.deliver('in', '1');
    expect(hub.outputs.map(({ outputName }) => outputName)).toEqual(['amlOutput', 'amlOutput']);
    hub.patchDesired({ limits: null, colour: null });
    await expect.poll(reported).toMatchObject({ settings: { status: 'applied', desiredVersion: 3 } });
    await hub.deliver('in', '1');
    expect(hub.outputs[2]?.outputName).toBe('other');
  });

  it('reports its state in the form of the schema', async () => {
    const { hub, reported, stop, ended } = await startEdgeModule();
    await hub.deliver('in', '1');
    await expect.poll(() => documentIssues(ScorerReportedSchema, reported())).toEqual([]);
    stop.abort();
    await ended;
    expect(reported()).toMatchObject({ state: 'stopped', isIdle: true, counters: { received: 1, scored: 1 } });
  });

  it('answers direct methods', async () => {
    const { hub } = await startEdgeModule({
      score: (data) => {
        if (data === 'bad') throw new EngineError('InputInvalid', 'not a number');
        return { sum: data };
      },
    });
    await hub.deliver('in', '1');
    expect(await hub.call('ping', {})).toMatchObject({ status: 200 });
    expect(await hub.call('score', { data: 1 })).toEqual({ status: 200, payload: { sum: { data: 1 } } });
    expect(await hub.call('score', 'bad')).toMatchObject({ status: 400, payload: { code: 'InputInvalid' } });
    expect(await hub.call('status', null)).toMatchObject({ status: 200, payload: { counters: { scored: 1 } } });
    expect(await hub.call('explode', null)).toMatchObject({
      status: 404,
      payload: {
        message:
          'there is no method "explode"; there are ping, status, score, reload, rollback, setLogLevel, prepareUpdate, tune, tuneResult',
      },
    });
  });

  it.each([
    ['setLogLevel', { level: 'loud' }, 400, /\$\.level: expected/],
    ['setLogLevel', null, 400, /expected/],
    ['ping', { a: 1 }, 400, /cannot call ping/],
    ['reload', { what: 'all' }, 400, /what/],
    ['reload', { what: 'desired' }, 409, /the desired properties name no model/],
    ['reload', null, 500, /the stub has no other models/],
    ['rollback', {}, 409, /there is no model to go back to/],
    ['prepareUpdate', { holdSeconds: -1 }, 400, /holdSeconds/],
  ])('refuses %s with %j, by %i', async (name, payload, status, message) => {
    const { hub } = await startEdgeModule();
    await hub.deliver('in', '1');
    expect(await hub.call(name, payload)).toMatchObject({
      status,
      payload: { message: expect.stringMatching(message) as string },
    });
  });

  it('changes its log level when it is asked to', async () => {
    const { hub } = await startEdgeModule();
    await hub.deliver('in', '1');
    const answer = await hub.call('setLogLevel', { level: 'error' });
    expect(answer).toEqual({ status: 200, payload: { level: 'error', before: 'silent' } });
  });

  it('drains for an update, says through its twin that it is idle, and goes on when none comes', async () => {
    const go = Promise.withResolvers<void>();
    const scoring = Promise.withResolvers<void>();
    const { hub, reported } = await startEdgeModule({
      score: () => {
        scoring.resolve();
        return go.promise;
      },
    });
    const first = hub.deliver('in', '1');
    await scoring.promise;
    const busy = await hub.call('prepareUpdate', { waitSeconds: 0 });
    expect(busy.payload).toEqual({ isIdle: false, isPaused: true, waiting: 1 });
    const preparing = hub.call('prepareUpdate', {});
    go.resolve();
    await first;
    expect((await preparing).payload).toEqual({ isIdle: true, isPaused: true, waiting: 0 });
    const second = hub.deliver('in', '2');
    await expect.poll(reported).toMatchObject({ state: 'paused', isIdle: true });
    expect(hub.outputs).toHaveLength(1);
    await hub.call('prepareUpdate', { holdSeconds: 0 });
    await second;
    await expect.poll(reported).toMatchObject({ state: 'running' });
  });

  it('refuses a model that it has no place for, whole', async () => {
    const { hub, reported } = await startEdgeModule({
      prepare: (it) => {
        it.desired = {
          $version: 3,
          mapping: { outputs: ['other'] },
          model: { name: 'x', version: 2, url: 'https://a/b', sha256: 'a'.repeat(64) },
        };
      },
    });
    await expect.poll(reported).toMatchObject({
      settings: { status: 'refused', reason: expect.stringContaining('$.model.name is "x"') as string },
    });
    await hub.deliver('in', '1');
    expect(hub.outputs[0]?.outputName).toBe('amlOutput');
  });

  it('starts before its hub, and comes back after an outage', async () => {
    const { hub } = await startEdgeModule({ prepare: (it) => it.stop() });
    await hub.listen();
    await hub.deliver('in', '1');
    await hub.stop();
    const delivered = hub.deliver('in', '2');
    await hub.listen();
    await delivered;
    expect(hub.outputs.map(({ body }) => body)).toEqual(['1', '2']);
  });

  it('gives up when there is no hub for too long', async () => {
    const { ended } = await startEdgeModule({ prepare: (it) => it.stop(), settings: { hubDeadlineMs: 200 } });
    await expect(ended).rejects.toMatchObject({
      code: 'HubUnreachable',
      message: /no session with edgeHub for/ as never,
    });
  });

  it('finishes what is under way when it is told to stop, and takes nothing more', async () => {
    const go = Promise.withResolvers<void>();
    const scoring = Promise.withResolvers<void>();
    const { hub, stop, ended } = await startEdgeModule({
      score: () => {
        scoring.resolve();
        return go.promise;
      },
    });
    const first = hub.deliver('in', '1');
    await scoring.promise;
    void hub.deliver('in', '2');
    stop.abort();
    setTimeout(() => go.resolve(), 50);
    await ended;
    await first;
    expect(hub.outputs).toHaveLength(1);
  });

  it('lets go of what does not end in time, so that it comes again', async () => {
    const { hub, stop, ended } = await startEdgeModule({
      settings: { drainMs: 50 },
      score: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    });
    void hub.deliver('in', '1');
    await hub.until(() => hub.events.includes('delivered'));
    stop.abort();
    await ended;
    expect(hub.events).not.toContain('acknowledged');
    expect(hub.outputs).toEqual([]);
  });

  it('under on-receive acknowledges before it scores', async () => {
    const go = Promise.withResolvers<void>();
    const { hub } = await startEdgeModule({
      score: () => go.promise,
      prepare: (it) => {
        it.desired = { $version: 1, acknowledgement: 'on-receive' };
      },
    });
    await hub.deliver('in', '1');
    expect(hub.outputs).toEqual([]);
    go.resolve();
    await hub.until(() => hub.outputs.length === 1);
  });

  describe('under after-journal', () => {
    const journaled = { $version: 1, acknowledgement: 'after-journal', journal: { durability: 'process-crash' } };

    async function folder(): Promise<string> {
      const directory = await mkdtemp(path.join(tmpdir(), 'edgewright-edge-'));
      onTestFinished(() => rm(directory, { recursive: true, force: true }));
      return directory;
    }

    it('acknowledges what is in the journal, and scores it later', async () => {
      const go = Promise.withResolvers<void>();
      const { hub, reported } = await startEdgeModule({
        stateDirectory: await folder(),
        score: () => go.promise,
        prepare: (it) => {
          it.desired = journaled;
        },
      });
      for (const id of ['a', 'b', 'c', 'c']) await hub.deliver('in', '1', { '$.mid': id });
      expect(hub.outputs).toEqual([]);
      await expect.poll(reported).toMatchObject({ isIdle: false });
      go.resolve();
      await hub.until(() => hub.outputs.length === 3);
      expect(hub.outputs.map(({ properties }) => properties['inputMessageId'])).toEqual(['a', 'b', 'c']);
    });

    it('scores what a former process left, whatever the policy is now', async () => {
      const stateDirectory = await folder();
      const stuck = await startEdgeModule({
        stateDirectory,
        settings: { drainMs: 10 },
        score: () => Promise.withResolvers().promise,
        prepare: (it) => {
          it.desired = journaled;
        },
      });
      await stuck.hub.deliver('in', '"kept"', { '$.mid': 'a' });
      stuck.stop.abort();
      await stuck.ended;
      expect(stuck.hub.outputs).toEqual([]);
      const { hub } = await startEdgeModule({ stateDirectory });
      await hub.until(() => hub.outputs.length === 1);
      expect(hub.outputs[0]?.body).toBe('"kept"');
    });

    it('holds edgeHub back when the journal is full', async () => {
      const go = Promise.withResolvers<void>();
      const { hub } = await startEdgeModule({
        stateDirectory: await folder(),
        score: () => go.promise,
        prepare: (it) => {
          it.desired = { ...journaled, journal: { maxMessages: 2 } };
        },
      });
      await hub.deliver('in', '1');
      await hub.deliver('in', '2');
      let isTaken = false;
      const third = hub.deliver('in', '3').then(() => (isTaken = true));
      await sleep(100);
      expect(isTaken).toBe(false);
      go.resolve();
      await third;
      await hub.until(() => hub.outputs.length === 3);
    });

    it('keeps what it cannot send until there is a connection again', async () => {
      const { hub } = await startEdgeModule({
        stateDirectory: await folder(),
        prepare: (it) => {
          it.desired = journaled;
          it.onOutput = () => 'ignore';
        },
      });
      await hub.deliver('in', '1', { '$.mid': 'a' });
      await hub.until(() => hub.outputs.length === 1);
      hub.onOutput = () => 'confirm';
      hub.dropConnections();
      await hub.until(() => hub.events.includes('confirmed'));
      expect(new Set(hub.outputs.map(({ properties }) => properties['$.mid'])).size).toBe(1);
    });

    it('is refused without a folder for it', async () => {
      const { hub, reported } = await startEdgeModule({
        prepare: (it) => {
          it.desired = journaled;
        },
      });
      await expect.poll(reported).toMatchObject({
        settings: { status: 'refused', reason: /EDGEWRIGHT_STATE_DIRECTORY/ as never },
      });
      await hub.deliver('in', '1');
      expect(hub.outputs).toHaveLength(1);
    });
  });

  it('counts what it does', async () => {
    const { hub, metrics } = await startEdgeModule();
    await hub.deliver('in', '1');
    await hub.deliver('in', '{');
    const text = await metrics.text();
    expect(text).toContain('test_edge_messages_total{input="in",outcome="received"} 2');
    expect(text).toContain('test_edge_messages_total{input="in",outcome="scored"} 1');
    expect(text).toContain('test_edge_rejected_total{code="MessageRejected"} 1');
    expect(text).toContain('test_edge_stage_duration_seconds_count{stage="send"} 2');
    expect(text).not.toContain('Inf');
  });
});
