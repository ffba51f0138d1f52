import { AGENT, FILTER, HUB } from '../lint-case.ts';
import type { LintCase } from '../lint-case.ts';
import { rightManifest } from '../right-manifest.ts';

export const moduleCases: Readonly<Record<string, LintCase>> = {
  'an unknown member': {
    changes: { [`${FILTER}.image`]: 'x' },
    finds: [`EW1001 error ${FILTER}.image`],
    says: 'unknown key',
  },
  'a wrong restart policy': {
    changes: { [`${FILTER}.restartPolicy`]: 'sometimes' },
    finds: [`EW1001 error ${FILTER}.restartPolicy`],
    says: '"sometimes"',
  },
  'a route that is a number': { changes: { [`${HUB}.routes.r`]: 7 }, finds: [`EW1001 error ${HUB}.routes.r`] },
  'an unknown member of a route': {
    changes: { [`${HUB}.routes.alertsFirst.ttl`]: 7 },
    finds: [`EW1001 error ${HUB}.routes.alertsFirst.ttl`],
  },
  'no store and forward': {
    changes: { [`${HUB}.storeAndForwardConfiguration`]: undefined },
    finds: [`EW1001 error ${HUB}.storeAndForwardConfiguration`],
  },
  'a template': { changes: { '$.$schema-template': '4.0.0' }, finds: ['EW1003 error $.$schema-template'] },
  'an image that is a placeholder': {
    changes: { [`${FILTER}.settings.image`]: '${MODULES.filter}' },
    finds: [`EW1004 error ${FILTER}.settings.image`],
    says: '${MODULES.filter}',
  },
  'a variable that was left': {
    changes: { [`${FILTER}.env.PLACE`]: { value: 'at $PLANT_NAME' } },
    finds: [`EW1004 warning ${FILTER}.env.PLACE.value`],
    says: '$PLANT_NAME',
  },
  'routes with priority in schema 1.0': {
    changes: { [`${HUB}.schemaVersion`]: '1.0' },
    finds: [`EW1005 error ${HUB}.schemaVersion`],
    says: 'needs 1.1',
  },
  'startupOrder in schema 1.0': {
    changes: { [`${AGENT}.schemaVersion`]: '1.0' },
    finds: [`EW1005 error ${AGENT}.schemaVersion`],
    says: 'startupOrder of edgeHub',
  },
  'integrity in schema 1.1': {
    changes: { [`${HUB}.integrity`]: {} },
    finds: [`EW1005 error ${HUB}.schemaVersion`],
    says: 'integrity needs 1.3',
  },
  'the broker in schema 1.1': { changes: { [`${HUB}.mqttBroker`]: {} }, finds: [`EW1005 error ${HUB}.schemaVersion`] },
  'a wrong name of a module': {
    changes: { [`${AGENT}.modules["my module"]`]: { type: 'docker', status: 'running', settings: { image: 'a:1' } } },
    finds: [`EW3001 error ${AGENT}.modules["my module"]`],
  },
  'more than fifty modules': {
    changes: Object.fromEntries(
      Array.from({ length: 49 }, (_, index) => [
        `${AGENT}.modules.m${index}`,
        { type: 'docker', status: 'running', settings: { image: 'a:1' } },
      ]),
    ),
    finds: [`EW3002 error ${AGENT}.modules.m48`],
    says: 'there are 51 modules',
  },
  'an image without a version': {
    changes: {
      [`${FILTER}.settings.image`]: 'localhost:5000/filter',
      [`${AGENT}.modules.tempSensor.settings.image`]: 'a:latest',
    },
    finds: [`EW3003 warning ${AGENT}.modules.tempSensor.settings.image`, `EW3003 warning ${FILTER}.settings.image`],
  },
  'an image that is none': {
    changes: { [`${FILTER}.settings.image`]: 'Registry/Filter:1' },
    finds: [`EW3004 error ${FILTER}.settings.image`],
  },
  'a missing system module': {
    changes: { [`${AGENT}.systemModules.edgeHub`]: undefined },
    finds: [`EW3005 error ${AGENT}.systemModules.edgeHub`],
  },
  'system modules of two versions': {
    changes: { [`${AGENT}.systemModules.edgeAgent.settings.image`]: 'mcr.microsoft.com/azureiotedge-agent:1.4' },
    finds: [`EW3006 warning ${AGENT}.systemModules.edgeHub.settings.image`],
    says: 'edgeAgent is 1.4, edgeHub is 1.5.2',
  },
  'a module without status': { changes: { [`${FILTER}.status`]: undefined }, finds: [`EW3007 error ${FILTER}`] },
  'createOptions with a gap': {
    changes: { [`${FILTER}.settings.createOptions03`]: '}' },
    finds: [`EW3008 error ${FILTER}.settings.createOptions03`],
    says: 'does not follow createOptions01',
  },
  'createOptions that break off': {
    changes: { [`${FILTER}.settings.createOptions01`]: undefined },
    finds: [`EW3009 error ${FILTER}.settings.createOptions`],
  },
  'createOptions that are an array': {
    changes: { [`${AGENT}.modules.tempSensor.settings.createOptions`]: '[]' },
    finds: [`EW3009 error ${AGENT}.modules.tempSensor.settings.createOptions`],
    says: 'an array',
  },
  'a port that edgeHub has': {
    changes: {
      [`${AGENT}.modules.tempSensor.settings.createOptions`]:
        '{"HostConfig":{"PortBindings":{"443/tcp":[{"HostPort":"443"}],"80/tcp":[{"HostIp":"10.0.0.1","HostPort":"80"}]}}}',
    },
    finds: [`EW3010 error ${AGENT}.modules.tempSensor.settings.createOptions`],
    says: 'tempSensor and edgeHub both want 443/tcp',
  },
  'a variable of the runtime': {
    changes: { [`${FILTER}.env.IOTEDGE_MODULEID`]: { value: 'x' } },
    finds: [`EW3011 warning ${FILTER}.env.IOTEDGE_MODULEID`],
  },
  'the twin of nobody': {
    changes: { '$.modulesContent.sensor': { 'properties.desired': {} } },
    finds: ['EW3012 warning $.modulesContent.sensor'],
  },
  'an edgeHub that is stopped': {
    changes: { [`${AGENT}.systemModules.edgeHub.status`]: 'stopped' },
    finds: [`EW3013 warning ${AGENT}.systemModules.edgeHub.status`],
  },
  'an edgeHub that may stay down': {
    changes: { [`${AGENT}.systemModules.edgeHub.restartPolicy`]: 'never' },
    finds: [`EW3013 warning ${AGENT}.systemModules.edgeHub.restartPolicy`],
  },
  'an image without the platform': {
    changes: {},
    options: {
      platform: 'arm32v7',
      images: { 'registry.example:5000/plant/filter:0.0.2-amd64': { platforms: ['amd64', 'arm64v8'] } },
    },
    finds: [`EW3014 error ${FILTER}.settings.image`],
    says: 'for amd64, arm64v8, not for arm32v7',
  },
  'runtime and module at once': {
    changes: {
      [`${AGENT}.systemModules.edgeHub.settings.image`]: 'mcr.microsoft.com/azureiotedge-hub:1.5.9',
      [`${FILTER}.settings.image`]: 'filter:2',
    },
    options: { previous: rightManifest() },
    finds: [`EW3015 warning ${AGENT}.systemModules.edgeHub.settings.image`],
    says: 'together with filter',
  },
  'a backend that the image does not have': {
    changes: { [`${FILTER}.env.EDGEWRIGHT_BACKEND`]: { value: 'wasm' } },
    options: {
      images: { 'registry.example:5000/plant/filter:0.0.2-amd64': { platforms: ['amd64'], backend: 'onnx,tfjs' } },
    },
    finds: [`EW3016 error ${FILTER}.env.EDGEWRIGHT_BACKEND.value`],
    says: 'built with the backend onnx,tfjs',
  },
  'folders and ports that Azure Stack Edge does not give': {
    changes: {
      [`${AGENT}.modules.tempSensor.settings.createOptions`]:
        '{"HostConfig":{"Binds":["/a:/b"],"PortBindings":{"80/tcp":[{"HostPort":"35000"}]}},"k8s-experimental":{}}',
    },
    finds: [
      `EW3017 error ${AGENT}.modules.tempSensor.settings.createOptions`,
      `EW3017 error ${AGENT}.modules.tempSensor.settings.createOptions`,
    ],
    says: 'wants the port 35000',
  },
};
