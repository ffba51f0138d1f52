import { describe, expect, it } from 'vitest';
import { readScorerEnvironment } from './scorer-environment.ts';

const edge = {
  IOTEDGE_WORKLOADURI: 'unix:///w.sock',
  IOTEDGE_DEVICEID: 'dev',
  IOTEDGE_MODULEID: 'scorer',
  IOTEDGE_IOTHUBHOSTNAME: 'hub.test',
  IOTEDGE_AUTHSCHEME: 'sasToken',
  IOTEDGE_MODULEGENERATIONID: '1',
};

describe('readScorerEnvironment', () => {
  it('has defaults for everything', () => {
    expect(readScorerEnvironment({})).toMatchObject({
      appRoot: '/var/azureml-app',
      http: { host: '0.0.0.0', port: 5001 },
      metricsPort: undefined,
      logLevel: 'info',
      edge: undefined,
    });
  });

  it('knows from edgeAgent and from a connection string which hub to join', () => {
    const labels = { iothub: 'hub.test', edge_device: 'dev', module_name: 'scorer' };
    expect(readScorerEnvironment(edge)).toMatchObject({ edge: { labels }, metricsPort: 9600 });
    const connectionString = 'HostName=hub.test;DeviceId=dev;ModuleId=scorer;SharedAccessKey=a=b==';
    expect(readScorerEnvironment({ EdgeHubConnectionString: connectionString })).toMatchObject({ edge: { labels } });
    expect(JSON.stringify(readScorerEnvironment({ EdgeHubConnectionString: connectionString }))).not.toContain('a=b');
  });

  it('names the variables that edgeAgent would have set', () => {
    const { IOTEDGE_MODULEID: _, IOTEDGE_DEVICEID: __, ...rest } = edge;
    expect(() => readScorerEnvironment(rest)).toThrow(
      'cannot join edgeHub: IOTEDGE_DEVICEID, IOTEDGE_MODULEID are not set; edgeAgent sets them all',
    );
  });

  it('takes the log level of edgeAgent, and its own before that', () => {
    expect(readScorerEnvironment({ RuntimeLogLevel: 'Warning' }).logLevel).toBe('warn');
    expect(readScorerEnvironment({ RuntimeLogLevel: 'Warning', EDGEWRIGHT_LOG_LEVEL: 'debug' }).logLevel).toBe('debug');
  });

  it('takes the settings of the engine as one object, and variables of their own before it', () => {
    const EDGEWRIGHT_ENGINE = '{"backend":"wasm","workers":4,"batching":{"maxSize":16,"maxDelayMs":1}}';
    expect(
      readScorerEnvironment({ EDGEWRIGHT_ENGINE, EDGEWRIGHT_WORKERS: '2', EDGEWRIGHT_THREADS: '1' }).engine,
    ).toEqual({
      backend: 'wasm',
      workers: 2,
      threads: 1,
      batching: { maxSize: 16, maxDelayMs: 1 },
    });
    expect(readScorerEnvironment({}).engine).toEqual({});
  });

  it.each([
    [{ EDGEWRIGHT_ENGINE: '{"workers":0}' }, 'EDGEWRIGHT_ENGINE is not valid: $.workers: expected'],
    [{ EDGEWRIGHT_ENGINE: '{"threats":1}' }, 'EDGEWRIGHT_ENGINE is not valid'],
    [{ PORT: '70000' }, 'PORT is "70000": expected a whole number from 0 to 65535'],
    [{ PORT: '8o' }, 'PORT is "8o"'],
    [{ EDGEWRIGHT_BACKEND: 'cuda' }, 'EDGEWRIGHT_BACKEND is "cuda": expected auto'],
    [{ EDGEWRIGHT_EXECUTION_PROVIDERS: '[1]' }, 'EDGEWRIGHT_EXECUTION_PROVIDERS is not valid: $[0]'],
    [{ ...edge, EDGEWRIGHT_TOKEN_LIFETIME_SECONDS: '1' }, 'EDGEWRIGHT_TOKEN_LIFETIME_SECONDS is "1"'],
  ])('refuses %o', (variables, message) => {
    expect(() => readScorerEnvironment(variables)).toThrow(message);
  });
});
