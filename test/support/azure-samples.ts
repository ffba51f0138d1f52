import type { Json } from './right-manifest.ts';

// Manifests as Azure's documentation, portal and tools write them, in our own words: what is right there must pass lint.

const agent = (modules: Json, more: Json = {}): Json => ({
  'properties.desired': {
    schemaVersion: '1.1',
    runtime: {
      type: 'docker',
      settings: { minDockerVersion: 'v1.25', loggingOptions: '', registryCredentials: {} },
    },
    systemModules: {
      edgeAgent: {
        type: 'docker',
        settings: { image: 'mcr.microsoft.com/azureiotedge-agent:1.5', createOptions: '{}' },
      },
      edgeHub: {
        type: 'docker',
        status: 'running',
        restartPolicy: 'always',
        startupOrder: 0,
        settings: {
          image: 'mcr.microsoft.com/azureiotedge-hub:1.5',
          createOptions:
            '{"HostConfig":{"PortBindings":{"443/tcp":[{"HostPort":"443"}],"5671/tcp":[{"HostPort":"5671"}],"8883/tcp":[{"HostPort":"8883"}]}}}',
        },
      },
    },
    modules,
    ...more,
  },
});

const hub = (routes: Json, version = '1.1'): Json => ({
  'properties.desired': {
    schemaVersion: version,
    routes,
    storeAndForwardConfiguration: { timeToLiveSecs: 7200 },
  },
});

const docker = (image: string, more: Json = {}, createOptions = '{}'): Json => ({
  version: '1.0',
  type: 'docker',
  status: 'running',
  restartPolicy: 'always',
  ...more,
  settings: { image, createOptions },
});

const SENSOR = 'mcr.microsoft.com/azureiotedge-simulated-temperature-sensor:1.5';

/** By what they show. */
export const azureSamples: Readonly<Record<string, Json>> = {
  'the quickstart with the simulated sensor': {
    modulesContent: {
      $edgeAgent: agent({ SimulatedTemperatureSensor: docker(SENSOR, { startupOrder: 2 }) }),
      $edgeHub: hub({ upstream: 'FROM /messages/* INTO $upstream' }),
      SimulatedTemperatureSensor: { 'properties.desired': { SendData: true, SendInterval: 5 } },
    },
  },
  'routes with priority and time to live': {
    modulesContent: {
      $edgeAgent: agent({
        SimulatedTemperatureSensor: docker(SENSOR),
        filter: docker('plant.azurecr.io/filter:0.0.1-amd64'),
      }),
      $edgeHub: hub({
        sensorToFilter: {
          route:
            'FROM /messages/modules/SimulatedTemperatureSensor/outputs/temperatureOutput INTO BrokeredEndpoint("/modules/filter/inputs/input1")',
          priority: 0,
          timeToLiveSecs: 1800,
        },
        filterToIoTHub: {
          route: 'FROM /messages/modules/filter/outputs/output1 INTO $upstream',
          priority: 1,
          timeToLiveSecs: 1800,
        },
      }),
    },
  },
  'the schema 1.0 of older devices': {
    modulesContent: {
      $edgeAgent: {
        'properties.desired': {
          schemaVersion: '1.0',
          runtime: { type: 'docker', settings: { minDockerVersion: 'v1.25', loggingOptions: '' } },
          systemModules: {
            edgeAgent: {
              type: 'docker',
              settings: { image: 'mcr.microsoft.com/azureiotedge-agent:1.0.10', createOptions: '' },
            },
            edgeHub: {
              type: 'docker',
              status: 'running',
              restartPolicy: 'always',
              settings: { image: 'mcr.microsoft.com/azureiotedge-hub:1.0.10', createOptions: '' },
            },
          },
          modules: { tempSensor: docker(SENSOR) },
        },
      },
      $edgeHub: hub({ route: 'FROM /messages/* INTO $upstream' }, '1.0'),
    },
  },
  'a GPU by DeviceRequests': {
    modulesContent: {
      $edgeAgent: agent({
        vision: docker(
          'plant.azurecr.io/vision:2.1',
          {},
          '{"HostConfig":{"DeviceRequests":[{"Count":-1,"Capabilities":[["gpu"]]}]}}',
        ),
      }),
      $edgeHub: hub({ visionToIoTHub: 'FROM /messages/modules/vision/outputs/* INTO $upstream' }),
    },
  },
  'Azure Stack Edge with a share': {
    modulesContent: {
      $edgeAgent: agent({
        files: docker(
          'plant.azurecr.io/files:1.0',
          { env: { NVIDIA_VISIBLE_DEVICES: { value: '0' } } },
          '{"HostConfig":{"Mounts":[{"Target":"/home/input","Source":"share1","Type":"volume"}]},"k8s-experimental":{"strategy":"Recreate"}}',
        ),
      }),
      $edgeHub: hub({ up: 'FROM /messages/* INTO $upstream' }),
    },
  },
  'limits of the store, which the public schema forgets': {
    modulesContent: {
      $edgeAgent: agent({ SimulatedTemperatureSensor: docker(SENSOR) }),
      $edgeHub: {
        'properties.desired': {
          schemaVersion: '1.2',
          routes: { up: 'FROM /messages/* INTO $upstream' },
          storeAndForwardConfiguration: { timeToLiveSecs: 7200, storeLimits: { maxSizeBytes: 1_073_741_824 } },
        },
      },
    },
  },
  'a layer with a module, a route and a sub-node of its twin': {
    content: {
      modulesContent: {
        $edgeAgent: {
          'properties.desired.modules.SimulatedTemperatureSensor': docker(SENSOR, {
            env: { EnvironmentVariable1: { value: 'x' } },
          }),
        },
        $edgeHub: { 'properties.desired.routes.upstream': 'FROM /messages/* INTO $upstream' },
        SimulatedTemperatureSensor: { 'properties.desired.layeredProperties': { StandbyTemperature: 20 } },
      },
    },
  },
};
