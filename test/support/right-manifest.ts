/** JSON that a test may change. */
export type Json = Record<string, unknown>;

const PORTS = '{"HostConfig":{"PortBindings":{"5671/tcp":[{"HostPort":"5671"}],"443/tcp":[{"HostPort":"443"}]}}}';

/** A temperature sensor, a filter behind it, and everything the filter sends to the cloud, as the tools of Azure write it. */
export function rightManifest(): Json {
  const docker = { version: '1.0', type: 'docker', status: 'running', restartPolicy: 'always' };
  return {
    modulesContent: {
      $edgeAgent: {
        'properties.desired': {
          schemaVersion: '1.1',
          runtime: {
            type: 'docker',
            settings: { minDockerVersion: 'v1.25', loggingOptions: '', registryCredentials: {} },
          },
          systemModules: {
            edgeAgent: {
              type: 'docker',
              settings: { image: 'mcr.microsoft.com/azureiotedge-agent:1.5.4', createOptions: '{}' },
            },
            edgeHub: {
              type: 'docker',
              status: 'running',
              restartPolicy: 'always',
              startupOrder: 0,
              settings: { image: 'mcr.microsoft.com/azureiotedge-hub:1.5.2', createOptions: PORTS },
              env: { OptimizeForPerformance: { value: false } },
            },
          },
          modules: {
            tempSensor: {
              ...docker,
              settings: { image: 'mcr.microsoft.com/azureiotedge-simulated-temperature-sensor:1.5', createOptions: '' },
            },
            filter: {
              ...docker,
              startupOrder: 2,
              env: { TOKEN_FILE: { value: '/run/secrets/token' }, Threshold: { value: 25 } },
              settings: {
                image: 'registry.example:5000/plant/filter:0.0.2-amd64',
                createOptions: '{"HostConfig":{"Binds":["/srv/filter',
                createOptions01: ':/data"]}}',
              },
            },
          },
        },
      },
      $edgeHub: {
        'properties.desired': {
          schemaVersion: '1.1',
          routes: {
            sensorToFilter:
              'FROM /messages/modules/tempSensor/outputs/temperatureOutput INTO BrokeredEndpoint("/modules/filter/inputs/input1")',
            filterToIoTHub: 'FROM /messages/modules/filter/outputs/* INTO $upstream',
            alertsFirst: {
              route: "FROM /messages/modules/filter/outputs/* WHERE MessageType = 'Alert' INTO $upstream",
              priority: 0,
              timeToLiveSecs: 86_400,
            },
          },
          storeAndForwardConfiguration: { timeToLiveSecs: 7200 },
        },
      },
      tempSensor: { 'properties.desired': { SendData: true, SendInterval: 5 } },
    },
  };
}

/** A layer over that manifest. */
export function rightLayer(): Json {
  return {
    content: {
      modulesContent: {
        $edgeAgent: {
          'properties.desired.modules.scorer': {
            type: 'docker',
            status: 'running',
            restartPolicy: 'always',
            settings: { image: 'registry.example/scorer:1', createOptions: '{}' },
          },
          'properties.desired.runtime.settings.registryCredentials.plant': {
            address: 'registry.example',
            username: 'puller',
            password: '',
          },
        },
        $edgeHub: {
          'properties.desired.routes.sensorToScorer':
            'FROM /messages/modules/tempSensor/outputs/* INTO BrokeredEndpoint("/modules/scorer/inputs/amlInput")',
        },
        scorer: { 'properties.desired.mapping': { outputs: ['amlOutput'] } },
      },
    },
  };
}
