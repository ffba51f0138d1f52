import { LAYER } from '../lint-case.ts';
import type { LintCase } from '../lint-case.ts';

export const layerCases: Readonly<Record<string, LintCase>> = {
  'a layer with system modules': {
    changes: {
      [`${LAYER}.$edgeAgent["properties.desired.systemModules.edgeHub"]`]: {
        type: 'docker',
        status: 'running',
        settings: { image: 'h:1' },
      },
    },
    finds: [`EW1006 error ${LAYER}.$edgeAgent["properties.desired.systemModules.edgeHub"]`],
  },
  'a layer that replaces all routes': {
    changes: { [`${LAYER}.$edgeHub["properties.desired"]`]: { routes: { up: 'FROM /messages/* INTO $upstream' } } },
    finds: [`EW1006 error ${LAYER}.$edgeHub["properties.desired"]`],
    says: '"properties.desired.routes.NAME"',
  },
  'a layer with another key': {
    changes: { [`${LAYER}.scorer["desired.mapping"]`]: {} },
    finds: [`EW1006 error ${LAYER}.scorer["desired.mapping"]`],
  },
  'a module of a layer without type': {
    changes: { [`${LAYER}.$edgeAgent["properties.desired.modules.scorer"].type`]: undefined },
    finds: [`EW1001 error ${LAYER}.$edgeAgent["properties.desired.modules.scorer"].type`],
  },
  'a layer that leads to a module of the base': {
    changes: {
      [`${LAYER}.$edgeHub["properties.desired.routes.out"]`]:
        'FROM /messages/modules/scorer/* INTO BrokeredEndpoint("/modules/filter/inputs/i")',
    },
    finds: [`EW2002 note ${LAYER}.$edgeHub["properties.desired.routes.out"]`],
  },
  'a registry password of a layer': {
    changes: {
      [`${LAYER}.$edgeAgent["properties.desired.runtime.settings.registryCredentials.plant"].password`]:
        'hunter2hunter2',
    },
    finds: [
      `EW5001 warning ${LAYER}.$edgeAgent["properties.desired.runtime.settings.registryCredentials.plant"].password`,
    ],
  },
  'a layer for iotedgehubdev': {
    changes: {},
    options: { also: ['iotedgehubdev'] },
    finds: ['EW6002 note $.content'],
  },
};
