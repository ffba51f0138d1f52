import { describe, expect, it } from 'vitest';
import { readServiceEnvironment } from './service-environment.ts';

const keys = { EDGEWRIGHT_PRIMARY_KEY: 'a'.repeat(16), EDGEWRIGHT_SECONDARY_KEY: 'b'.repeat(16) };
const tokens = { EDGEWRIGHT_TOKEN_ISSUER: 'https://i', EDGEWRIGHT_TOKEN_AUDIENCE: 'a' };

describe('the variables of a service', () => {
  it('ask for nothing when none is set', () => {
    expect(readServiceEnvironment({ EDGEWRIGHT_PRIMARY_KEY: '' })).toMatchObject({
      keys: undefined,
      tokens: undefined,
      router: undefined,
      drainMs: 0,
      corsOrigins: undefined,
      sendServerVersion: true,
      page: true,
      modelControl: undefined,
    });
  });

  it('give keys, tokens, TLS and the settings of the router', () => {
    expect(readServiceEnvironment(keys).keys).toEqual({ primaryKey: 'a'.repeat(16), secondaryKey: 'b'.repeat(16) });
    expect(readServiceEnvironment({ EDGEWRIGHT_KEYS_FILE: '/keys' }).keys).toEqual({ file: '/keys' });
    expect(readServiceEnvironment({ ...tokens, EDGEWRIGHT_TOKEN_JWKS_FILE: '/jwks' }).tokens).toEqual({
      issuer: 'https://i',
      audience: 'a',
      jwksFile: '/jwks',
    });
    expect(
      readServiceEnvironment({ SERVICE_NAME: 's', EDGEWRIGHT_MAX_QUEUE_WAIT_MS: '20', EDGEWRIGHT_DRAIN_SECONDS: '2' }),
    ).toMatchObject({ router: { service: 's', maxQueueWaitMs: 20 }, drainMs: 2000 });
  });

  it('give what Azure ML’s server is told in the same words', () => {
    const variables = {
      AML_CORS_ORIGINS: 'https://a.example, https://b.example,',
      SERVICE_VERSION: '2.0',
      SERVICE_PATH_PREFIX: 'api/v1',
      SERVER_VERSION_LOG_RESPONSE_ENABLED: 'no',
      EDGEWRIGHT_PAGE: 'false',
    };
    expect(readServiceEnvironment(variables)).toMatchObject({
      corsOrigins: ['https://a.example', 'https://b.example'],
      version: '2.0',
      pathPrefix: 'api/v1',
      sendServerVersion: false,
      page: false,
    });
  });

  it.each([
    ['EDGEWRIGHT_SECONDARY_KEY', { EDGEWRIGHT_PRIMARY_KEY: 'a' }],
    ['EDGEWRIGHT_PAGE', { EDGEWRIGHT_PAGE: 'off' }],
    ['EDGEWRIGHT_MODEL_CONTROL', { EDGEWRIGHT_MODEL_CONTROL: 'poll' }],
    ['EDGEWRIGHT_MODEL_REPOSITORY', { EDGEWRIGHT_MODEL_REPOSITORY: '/models' }],
    ['EDGEWRIGHT_TOKEN_AUDIENCE', { EDGEWRIGHT_TOKEN_ISSUER: 'https://i' }],
    ['EDGEWRIGHT_TOKEN_ISSUER', { EDGEWRIGHT_TOKEN_AUDIENCE: 'a' }],
    ['keys or tokens, not both', { ...keys, ...tokens }],
    ['it is "key", and the other variables are those of "none"', { EDGEWRIGHT_AUTHENTICATION: 'key' }],
    ['it is "none", and the other variables are those of "key"', { EDGEWRIGHT_AUTHENTICATION: 'none', ...keys }],
    ['expected one of none, key, token', { EDGEWRIGHT_AUTHENTICATION: 'off' }],
    ['EDGEWRIGHT_TLS_KEY_FILE', { EDGEWRIGHT_TLS_CERTIFICATE_FILE: '/crt' }],
    ['from 5 to 300000', { EDGEWRIGHT_SCORING_TIMEOUT_MS: '4' }],
    ['from 0 to 65535', { EDGEWRIGHT_GRPC_PORT: '70000' }],
  ])('that are half said are refused: %s', (text, variables: Record<string, string>) => {
    expect(() => readServiceEnvironment(variables)).toThrow(text);
  });
});
