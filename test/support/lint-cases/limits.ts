import { AGENT, FILTER, HUB } from '../lint-case.ts';
import type { LintCase } from '../lint-case.ts';

export const limitCases: Readonly<Record<string, LintCase>> = {
  'too many desired properties': {
    changes: {
      '$.modulesContent.tempSensor["properties.desired"].values': Array.from({ length: 9 }, () => 'x'.repeat(4000)),
    },
    finds: ['EW4001 error $.modulesContent.tempSensor["properties.desired"]'],
  },
  // 8 * (2 + 4094) bytes as IoT Hub counts them, some more as JSON
  'as many desired properties as there may be': {
    changes: {
      '$.modulesContent.tempSensor["properties.desired"]': Object.fromEntries(
        Array.from({ length: 8 }, (_, index) => [`t${index}`, 'x'.repeat(4094)]),
      ),
    },
    finds: [],
  },
  'one byte more': {
    changes: {
      '$.modulesContent.tempSensor["properties.desired"]': Object.fromEntries(
        Array.from({ length: 8 }, (_, index) => [index === 7 ? 'tag' : `t${index}`, 'x'.repeat(4094)]),
      ),
    },
    finds: ['EW4001 error $.modulesContent.tempSensor["properties.desired"]'],
    says: 'have 32769 bytes, 1 too many',
  },
  'a long string': {
    changes: { '$.modulesContent.tempSensor["properties.desired"].text': 'ü'.repeat(2049) },
    finds: ['EW4002 error $.modulesContent.tempSensor["properties.desired"].text'],
    says: '4098 bytes',
  },
  'deep properties': {
    changes: { '$.modulesContent.tempSensor["properties.desired"].a.b.c.d.e.f.g.h.i.j.k': 1 },
    finds: [],
  },
  'properties that are too deep': {
    changes: { '$.modulesContent.tempSensor["properties.desired"].a.b.c.d.e.f.g.h.i.j.k.l': 1 },
    finds: ['EW4003 error $.modulesContent.tempSensor["properties.desired"].a.b.c.d.e.f.g.h.i.j.k'],
  },
  'a wrong name of a property': {
    changes: { '$.modulesContent.tempSensor["properties.desired"].limits["max.temp"]': 1 },
    finds: ['EW4004 error $.modulesContent.tempSensor["properties.desired"].limits["max.temp"]'],
  },
  'a registry password': {
    changes: {
      [`${AGENT}.runtime.settings.registryCredentials.plant`]: {
        address: 'r.example',
        username: 'u',
        password: 'hunter2hunter2',
      },
    },
    finds: [`EW5001 warning ${AGENT}.runtime.settings.registryCredentials.plant.password`],
    says: 'the password of r.example',
  },
  'secrets in the environment': {
    changes: {
      [`${FILTER}.env.API_KEY`]: { value: 'abcdefgh' },
      [`${FILTER}.env.Storage`]: { value: 'DefaultEndpointsProtocol=https;AccountKey=YWJjZGVmZ2hpamtsbW5vcA==' },
      [`${AGENT}.modules.tempSensor.settings.createOptions`]: '{"Env":["DB_PASSWORD=topsecret","LEVEL=info"]}',
    },
    finds: [
      `EW5002 warning ${AGENT}.modules.tempSensor.settings.createOptions`,
      `EW5002 warning ${FILTER}.env.API_KEY.value`,
      `EW5002 warning ${FILTER}.env.Storage.value`,
    ],
  },
  'a secret in a twin': {
    changes: { '$.modulesContent.tempSensor["properties.desired"].connectionString': 'HostName=h;SharedAccessKey=abc' },
    finds: ['EW5002 warning $.modulesContent.tempSensor["properties.desired"].connectionString'],
  },
  'what iotedgehubdev drops': {
    changes: {
      [`${AGENT}.modules.tempSensor.restartPolicy`]: 'on-unhealthy',
      [`${AGENT}.modules.tempSensor.settings.createOptions`]: '{"HostConfig":{"Runtime":"nvidia","DeviceRequests":[]}}',
    },
    options: { also: ['iotedgehubdev'] },
    finds: [
      `EW6001 note ${AGENT}.modules.tempSensor.restartPolicy`,
      `EW6001 note ${AGENT}.modules.tempSensor.settings.createOptions`,
      `EW6001 note ${AGENT}.modules.tempSensor.settings.createOptions`,
      `EW6001 note ${FILTER}.startupOrder`,
      `EW6001 note ${HUB}.routes.alertsFirst`,
      'EW6001 note $.modulesContent.tempSensor["properties.desired"]',
    ],
  },
};
