import { describe, expect, it } from 'vitest';
import { DeploymentConfigSchema } from './deployment-config.ts';
import { documentIssues } from './document.ts';

describe('the schema of deploymentconfig.json', () => {
  it.each([
    { computeType: 'local' },
    { computeType: 'local', port: 8890 },
    { computeType: 'ACI', containerResourceRequirements: { cpu: 1, memoryInGB: 1.5 }, authEnabled: true },
    { computeType: 'aks', autoScaler: { autoscaleEnabled: true, minReplicas: 1, maxReplicas: 3 }, scoringTimeoutMs: 5 },
    { computeType: 'aks', numReplicas: 2, namespace: 'models', maxQueueWaitMs: 500 },
  ])('takes %j', (config) => {
    expect(documentIssues(DeploymentConfigSchema, config)).toEqual([]);
  });

  it.each([
    {},
    { computeType: 'vm' },
    { computeType: 'local', port: 0 },
    { computeType: 'local', numReplicas: 2 },
    { computeType: 'ACI', containerResourceRequirements: { cpu: 0 } },
    { computeType: 'aks', scoringTimeoutMs: 300_001 },
    { computeType: 'aks', autoScaler: { targetUtilization: 101 } },
    { computeType: 'aks', namespace: 'Models' },
  ])('refuses %j', (config) => {
    expect(documentIssues(DeploymentConfigSchema, config).length).toBeGreaterThan(0);
  });

  it("states Azure ML's defaults", () => {
    const text = JSON.stringify(DeploymentConfigSchema);
    for (const value of [0.1, 0.5, 60_000, 500, 310, 70]) expect(text).toContain(`"default":${value}`);
  });
});
