import { AGENT, FILTER, HUB } from '../lint-case.ts';
import type { LintCase } from '../lint-case.ts';

function route(text: string): Readonly<Record<string, unknown>> {
  return { [`${HUB}.routes.r`]: text };
}

const scorerOf = (routes: Readonly<Record<string, unknown>>) => ({
  [`${AGENT}.modules.scorer`]: { type: 'docker', status: 'running', settings: { image: 'scorer:1' } },
  [`${HUB}.routes.in`]: 'FROM /messages/modules/tempSensor/* INTO BrokeredEndpoint("/modules/scorer/inputs/amlInput")',
  ...routes,
});

export const routeCases: Readonly<Record<string, LintCase>> = {
  'a route that does not compile': {
    changes: route('FROM /messages/* WHERE a > 3 INTO $upstream'),
    finds: [`EW2001 error ${HUB}.routes.r`],
    says: '\n  FROM /messages/* WHERE a > 3 INTO $upstream\n                           ^',
  },
  'a route in an object that does not compile': {
    changes: { [`${HUB}.routes.r`]: { route: 'nonsense' } },
    finds: [`EW2001 error ${HUB}.routes.r.route`],
  },
  'a sink that is not there': {
    changes: route('FROM /messages/modules/tempSensor/outputs/x INTO BrokeredEndpoint("/modules/Filter/inputs/i")'),
    finds: [`EW2002 error ${HUB}.routes.r`],
    says: 'there is "filter"',
  },
  'a system module as sink': {
    changes: route('FROM /messages/modules/filter/outputs/x INTO BrokeredEndpoint("/modules/edgeHub/inputs/i")'),
    finds: [`EW2002 error ${HUB}.routes.r`],
  },
  'a source that is not there': {
    changes: route('FROM /messages/modules/other/* INTO $upstream'),
    finds: [`EW2003 note ${HUB}.routes.r`],
  },
  'scores that nobody takes': {
    changes: scorerOf({ [`${HUB}.routes.out`]: 'FROM /messages/modules/scorer/outputs/amlError INTO $upstream' }),
    finds: [`EW2004 warning ${AGENT}.modules.scorer`],
    says: 'amlOutput',
  },
  'outputs of the twin that nobody takes': {
    changes: scorerOf({
      [`${HUB}.routes.out`]: 'FROM /messages/modules/scorer/outputs/good INTO $upstream',
      '$.modulesContent.scorer["properties.desired"]': {
        mapping: { outputs: ['good'], error: 'bad', inputs: { fast: { outputs: ['good', 'quick'], error: 'bad' } } },
      },
    }),
    finds: [`EW2004 warning ${AGENT}.modules.scorer`, `EW2004 warning ${AGENT}.modules.scorer`],
    says: '"bad"',
  },
  'a module that gets its own messages': {
    changes: route('FROM /messages/* INTO BrokeredEndpoint("/modules/filter/inputs/input1")'),
    finds: [`EW2005 warning ${HUB}.routes.r`],
    says: 'its own too',
  },
  'a circle of two modules': {
    changes: {
      [`${HUB}.routes.there`]:
        'FROM /messages/modules/TempSensor/* INTO BrokeredEndpoint("/modules/filter/inputs/input1")',
      [`${HUB}.routes.back`]: 'FROM /messages/modules/filter/* INTO BrokeredEndpoint("/modules/tempSensor/inputs/i")',
    },
    finds: [`EW2005 warning ${HUB}.routes.back`],
    says: 'filter → tempSensor → filter',
  },
  'a priority without effect': {
    changes: {
      [`${HUB}.routes.all`]: { route: 'FROM /messages/* INTO $upstream', priority: 1 },
      [`${HUB}.routes.late`]: { route: 'FROM /messages/modules/tempSensor/* INTO $upstream', priority: 5 },
    },
    finds: [`EW2006 warning ${HUB}.routes.late`],
    says: 'all takes the same messages',
  },
  'a message to two inputs of one module': {
    changes: route('FROM /messages/modules/tempSensor/* INTO BrokeredEndpoint("/modules/filter/inputs/second")'),
    finds: [`EW2007 warning ${HUB}.routes.r`],
    says: 'sensorToFilter and r',
  },
  'a priority out of bounds': {
    changes: { [`${HUB}.routes.alertsFirst.priority`]: 10 },
    finds: [`EW2008 error ${HUB}.routes.alertsFirst.priority`],
    says: '0 to 9',
  },
  'a time to live that is no number': {
    changes: { [`${HUB}.routes.alertsFirst.timeToLiveSecs`]: '7200' },
    finds: [`EW2008 error ${HUB}.routes.alertsFirst.timeToLiveSecs`],
  },
  'a star in the middle': {
    changes: route('FROM /messages/modules/*/outputs/x INTO $upstream'),
    finds: [`EW2009 warning ${HUB}.routes.r`],
    says: 'a * in the middle stands for itself',
  },
  'a star behind a name': {
    changes: route('FROM /messages/modules/temp* INTO $upstream'),
    finds: [`EW2009 warning ${HUB}.routes.r`],
    says: 'behind "temp*" counts for nothing',
  },
  'a slip in the source': {
    changes: route('FROM /messages/modules/filter/output/x INTO $upstream'),
    finds: [`EW2009 warning ${HUB}.routes.r`],
  },
  'a source of another kind': {
    changes: route('FROM /devices/* INTO $upstream'),
    finds: [`EW2009 warning ${HUB}.routes.r`],
    says: 'no message comes from /devices',
  },
  'an operator that became part of a name': {
    changes: route("FROM /messages/* WHERE level!='low' INTO $upstream"),
    finds: [`EW2010 warning ${HUB}.routes.r`],
    says: '"level!"',
  },
  'a condition behind the sink': {
    changes: route("FROM /messages/* INTO $upstream WHERE level = 'low'"),
    finds: [`EW2011 warning ${HUB}.routes.r`],
    says: "WHERE level = 'low'",
  },
  'is_null of the body': {
    changes: route('FROM /messages/* WHERE NOT is_null($body.level) INTO $upstream'),
    finds: [`EW2012 warning ${HUB}.routes.r`],
  },
  'a slip in the endpoint': {
    changes: route('FROM /messages/modules/filter/outputs/x INTO BrokeredEndpoint("/module/filter/input/i")'),
    finds: [`EW2013 warning ${HUB}.routes.r`],
  },
  'a sink that is stopped': {
    changes: { [`${FILTER}.status`]: 'stopped' },
    finds: [`EW2014 warning ${HUB}.routes.sensorToFilter`],
  },
  'a wrong name of a route': {
    changes: { [`${HUB}.routes["to.cloud"]`]: 'FROM /messages/modules/filter/outputs/x INTO $upstream' },
    finds: [`EW2015 error ${HUB}.routes["to.cloud"]`],
  },
};
