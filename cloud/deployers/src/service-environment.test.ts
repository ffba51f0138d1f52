import { expect, it } from 'vitest';
import { completeDeploymentConfig } from './config/complete-deployment-config.ts';
import { serviceEnvironment } from './service-environment.ts';

it.each(['local', 'ACI', 'aks'])('hands the settings of the engine and of drift to the scorer of %s', (computeType) => {
  const engine = { workers: 2, threads: 1, batching: { maxSize: 8 } };
  const settings = completeDeploymentConfig({ computeType, engine, drift: { psi: 0.3 } }, 'deploymentconfig.json');
  const spec = { name: 'diabetes', settings } as Parameters<typeof serviceEnvironment>[0];
  expect(serviceEnvironment(spec, {})['EDGEWRIGHT_DRIFT']).toBe('{"psi":0.3}');
  expect(JSON.parse(serviceEnvironment(spec, {})['EDGEWRIGHT_ENGINE'] ?? '')).toEqual(engine);
});
