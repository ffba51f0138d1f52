import { describe, expect, it } from 'vitest';
import { completeDeploymentConfig } from './complete-deployment-config.ts';

const FILE = 'deploymentconfig.json';
const complete = (value: unknown): unknown => completeDeploymentConfig(value, FILE);

describe('defaults', () => {
  const common = {
    kvTags: {},
    properties: {},
    tokenAuthEnabled: false,
    appInsightsEnabled: false,
    modelControl: 'none',
    page: true,
  };
  const limits = { scoringTimeoutMs: 60_000, maxConcurrentRequestsPerContainer: 1, maxQueueWaitMs: 500 };
  const livenessProbeRequirements = {
    periodSeconds: 10,
    initialDelaySeconds: 310,
    timeoutSeconds: 2,
    successThreshold: 1,
    failureThreshold: 3,
  };
  const containerResourceRequirements = { cpu: 0.1, memoryInGB: 0.5 };
  const aks = {
    ...common,
    ...limits,
    computeType: 'aks',
    namespace: 'default',
    exposure: 'LoadBalancer',
    containerResourceRequirements,
    livenessProbeRequirements,
  };

  it.each([
    [{ computeType: 'local' }, { ...common, ...limits, computeType: 'local', authEnabled: false, container: false }],
    [
      { computeType: 'aci' },
      {
        ...common,
        ...limits,
        computeType: 'ACI',
        authEnabled: false,
        sslEnabled: false,
        containerResourceRequirements,
      },
    ],
    [
      { computeType: 'AKS' },
      {
        ...aks,
        authEnabled: true,
        autoScaler: {
          autoscaleEnabled: true,
          minReplicas: 1,
          maxReplicas: 10,
          refreshPeriodInSeconds: 1,
          targetUtilization: 70,
        },
      },
    ],
    [
      { computeType: 'aks', numReplicas: 3, tokenAuthEnabled: true },
      { ...aks, authEnabled: false, tokenAuthEnabled: true, numReplicas: 3 },
    ],
  ])('of %j', (written, expected) => {
    expect(complete(written)).toEqual(expected);
  });

  it('stand beside what is given inside an object', () => {
    expect(
      complete({
        computeType: 'aks',
        autoScaler: { minReplicas: 2 },
        containerResourceRequirements: { cpu: 1 },
        livenessProbeRequirements: { initialDelaySeconds: 5 },
      }),
    ).toMatchObject({
      autoScaler: { minReplicas: 2, maxReplicas: 10 },
      containerResourceRequirements: { cpu: 1, memoryInGB: 0.5 },
      livenessProbeRequirements: { initialDelaySeconds: 5, periodSeconds: 10 },
    });
  });

  it('are the same for endpoints', () => {
    expect(complete({ computeType: 'AKSENDPOINT' })).toEqual(complete({ computeType: 'aks' }));
  });

  it('leave the value that was given alone', () => {
    const written = { computeType: 'aks' };
    complete(written);
    expect(written).toEqual({ computeType: 'aks' });
  });
});

const key = 'k'.repeat(16);

describe('what is refused, with its path', () => {
  const table: [unknown, string, string][] = [
    [{}, '$.computeType: expected one of local, ACI, aks, found nothing', 'InvalidDocument'],
    [null, '$.computeType', 'InvalidDocument'],
    [{ computeType: 'vm' }, '$.computeType: expected one of local, ACI, aks, found "vm"', 'InvalidDocument'],
    [{ computeType: 'local', port: 0 }, '$.port', 'InvalidDocument'],
    [{ computeType: 'local', prot: 1 }, '$.prot: expected one of the keys', 'InvalidDocument'],
    [{ computeType: 'aci', containerResourceRequirements: { cpu: 0 } }, '$.containerResourceRequirements.cpu', 'InvalidDocument'],
    [{ computeType: 'aci', containerResourceRequirements: { gpu: 1 } }, '$.containerResourceRequirements.gpu', 'InvalidDocument'],
    [{ computeType: 'aci', vnetConfiguration: { vnetName: 'v' } }, '$.vnetConfiguration.subnetName', 'InvalidDocument'],
    [{ computeType: 'aci', encryptionProperties: { keyName: 'k' } }, '$.encryptionProperties.vaultBaseUrl', 'InvalidDocument'],
    [{ computeType: 'aks', scoringTimeoutMs: 4 }, '$.scoringTimeoutMs', 'InvalidDocument'],
    [{ computeType: 'aks', keys: { primaryKey: 'short' } }, '$.keys.primaryKey: expected 16 to 256', 'InvalidDocument'],
    [{ computeType: 'aci', sslEnabled: true, cname: 'a' }, '$.sslCertificate: TLS needs sslCertificate, sslKey and cname; missing: sslCertificate, sslKey', 'DeploymentConfigInvalid'],
    [{ computeType: 'aci', sslKey: 'k.pem' }, '$.sslKey: it is of no use without sslEnabled', 'DeploymentConfigInvalid'],
    [{ computeType: 'aci', dnsNameLabel: 'label', vnetConfiguration: { vnetName: 'v', subnetName: 's' } }, '$.dnsNameLabel', 'DeploymentConfigInvalid'],
    [{ computeType: 'aks', authEnabled: true, tokenAuthEnabled: true }, '$.tokenAuthEnabled', 'DeploymentConfigInvalid'],
    [{ computeType: 'aks', tokenIssuer: { issuer: 'https://i', audience: 'a' } }, '$.tokenIssuer', 'DeploymentConfigInvalid'],
    [{ computeType: 'local', keys: { primaryKey: key, secondaryKey: key } }, '$.keys.secondaryKey', 'DeploymentConfigInvalid'],
    [{ computeType: 'aks', autoScaler: { autoscaleEnabled: true }, numReplicas: 2 }, '$.numReplicas', 'DeploymentConfigInvalid'],
    [{ computeType: 'aks', autoScaler: { autoscaleEnabled: false } }, '$.numReplicas: it is needed', 'DeploymentConfigInvalid'],
    [{ computeType: 'aks', autoScaler: { maxReplicas: 2 }, numReplicas: 2 }, '$.autoScaler.maxReplicas', 'DeploymentConfigInvalid'],
    [{ computeType: 'aks', autoScaler: { minReplicas: 11 } }, '$.autoScaler.minReplicas: 11 is more than maxReplicas, which is 10', 'DeploymentConfigInvalid'],
    [{ computeType: 'aks', containerResourceRequirements: { cpu: 2, cpuLimit: 1 } }, '$.containerResourceRequirements.cpuLimit', 'DeploymentConfigInvalid'],
    [{ computeType: 'aks', containerResourceRequirements: { memoryInGBLimit: 0.1 } }, '$.containerResourceRequirements.memoryInGBLimit', 'DeploymentConfigInvalid'],
    [{ computeType: 'aks', dataCollection: { storageEnabled: true } }, '$.dataCollection.storageEnabled', 'DeploymentConfigInvalid'],
    [{ computeType: 'aks', collectModelData: true }, '$.collectModelData: there is no place for the data', 'DeploymentConfigInvalid'],
    [{ computeType: 'aci', collectModelData: { folder: '/tmp' } }, '$.collectModelData.folder: a folder of a replica ends with it', 'DeploymentConfigInvalid'],
    [{ computeType: 'local', collectModelData: { folder: 'a', container: 'https://a/b' } }, '$.collectModelData.folder', 'DeploymentConfigInvalid'],
    [{ computeType: 'local', collectModelData: { container: 'https://a/b' } }, '$.collectModelData.credentialFile', 'DeploymentConfigInvalid'],
    [{ computeType: 'local', collectModelData: { redact: [{ field: 'a', action: 'hash' }] } }, '$.collectModelData.hashKeyFile', 'DeploymentConfigInvalid'],
    [{ computeType: 'local', collectModelData: { sampling: { rate: 2 } } }, 'collectModelData of deploymentconfig.json is not valid: $.sampling.rate', 'InvalidDocument'],
    [{ computeType: 'local', collectModelData: 'yes' }, '$.collectModelData', 'InvalidDocument'],
    [{ computeType: 'aks', ingress: { host: 'h' } }, '$.exposure', 'DeploymentConfigInvalid'],
    [{ computeType: 'aks', exposure: 'ClusterIP', ingress: { kind: 'Ingress' } }, '$.ingress.host', 'DeploymentConfigInvalid'],
    [{ computeType: 'aks', exposure: 'ClusterIP', ingress: { gateway: 'a/b', kind: 'Ingress', host: 'h' } }, '$.ingress.gateway', 'DeploymentConfigInvalid'],
    [{ computeType: 'aks', exposure: 'ClusterIP', ingress: { gateway: 'a/b', tlsSecretName: 's' } }, '$.ingress.tlsSecretName', 'DeploymentConfigInvalid'],
    [{ computeType: 'aks', exposure: 'ClusterIP', ingress: { gateway: 'a/b/c' } }, '$.ingress.gateway', 'InvalidDocument'],
  ]; // prettier-ignore

  it.each(table)('%j', (written, text, code) => {
    expect(() => complete(written)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(text) as string }) as Error,
    );
    expect(() => complete(written)).toThrow(FILE);
  });
});
