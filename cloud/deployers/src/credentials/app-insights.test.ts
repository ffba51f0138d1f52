import { expect, it } from 'vitest';
import { containerGroupOf } from '../aci/container-group.ts';
import { kubernetesObjects } from '../aks/kubernetes-objects.ts';
import { completeDeploymentConfig } from '../config/complete-deployment-config.ts';
import { serviceEnvironment } from '../service-environment.ts';
import type { ServiceSpec } from '../service-spec.ts';
import { makeCredentials } from './service-credentials.ts';

const STRING = 'InstrumentationKey=11111111-2222-3333-4444-555555555555;IngestionEndpoint=https://x.example';

async function specOf(config: Record<string, unknown>, ...given: [string?]): Promise<ServiceSpec> {
  const settings = completeDeploymentConfig({ appInsightsEnabled: true, ...config }, 'test');
  const credentials = await makeCredentials(settings, {}, ...given);
  return { name: 'faces', revision: 1, settings, models: ['faces:1'], artifact: 'r.example/faces:1', credentials };
}

it('hands the connection string on as a secret, and never in the open', async () => {
  const group = containerGroupOf(await specOf({ computeType: 'ACI' }, STRING), { subscriptionId: 's', resourceGroup: 'g', location: 'l' }); // prettier-ignore
  expect(group.containers[0]?.environmentVariables).toEqual(
    expect.arrayContaining([
      { name: 'AML_APP_INSIGHTS_ENABLED', value: 'true' },
      { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', secureValue: STRING },
    ]),
  );
  const local = await specOf({ computeType: 'local' }, STRING);
  expect(serviceEnvironment(local, { appInsightsFile: '/f' })).toMatchObject({
    AML_APP_INSIGHTS_ENABLED: 'true',
    APPLICATIONINSIGHTS_CONNECTION_STRING_FILE: '/f',
  });
  const objects = kubernetesObjects(await specOf({ computeType: 'aks', authEnabled: false }, STRING), {
    kind: 'none',
  } as never);
  const secret = objects.find(({ kind }) => kind === 'Secret');
  expect(secret).toMatchObject({ data: { 'app-insights': Buffer.from(STRING).toString('base64') } });
  expect(JSON.stringify(objects.filter(({ kind }) => kind !== 'Secret'))).not.toContain('InstrumentationKey');
  expect(JSON.stringify(objects)).toContain('APPLICATIONINSIGHTS_CONNECTION_STRING_FILE');
});

it('keeps the string of before, drops it when it is off, and asks for one that is missing', async () => {
  const on = completeDeploymentConfig({ computeType: 'local', appInsightsEnabled: true }, 'test');
  const off = completeDeploymentConfig({ computeType: 'local' }, 'test');
  expect(await makeCredentials(on, { appInsights: STRING })).toEqual({ appInsights: STRING });
  expect(await makeCredentials(off, { appInsights: STRING }, STRING)).toEqual({});
  await expect(makeCredentials(on)).rejects.toThrow(
    '$.appInsightsEnabled: it needs the variable APPLICATIONINSIGHTS_CONNECTION_STRING',
  );
  await expect(makeCredentials(on, {}, 'secret')).rejects.toThrow('holds no connection string');
  await expect(makeCredentials(on, {}, 'secret')).rejects.not.toThrow('secret');
});
