import type { LintEntry } from './lint-entry.ts';
import { moduleEntries } from './module-entries.ts';

/**
 * Every code of lint. The first digit says what it is about: 1 the form, 2 routes, 3 modules, 4 limits, 5 secrets, 6 other
 * tools. docs/lint.md is made from this table.
 */
export const lintCatalogue = {
  EW1001: {
    title: 'Does not follow the schema',
    severity: 'error',
    reason: 'edgeAgent or edgeHub refuses the whole configuration and goes on with the former one.',
    remedy: 'Mend the place that the path names; the message says what is expected there.',
  },
  EW1002: {
    title: 'Not JSON',
    severity: 'error',
    reason: 'Nothing can read the file.',
    remedy: 'Mend the text at the line and column given.',
  },
  EW1003: {
    title: 'A template, not a manifest',
    severity: 'error',
    reason: 'Placeholders in it mean nothing to IoT Hub.',
    remedy: 'Build it with `edgewright manifest build`, and push and check what comes out.',
  },
  EW1004: {
    title: 'A placeholder was not filled in',
    severity: 'warning',
    reason: 'The device gets the placeholder itself as the value.',
    remedy: 'Give the variable a value in .env or with --set when the manifest is built.',
  },
  EW1005: {
    title: 'The schema version is too old for what is used',
    severity: 'error',
    reason: 'Runtimes that go by the schema version do not know the member and refuse or ignore it.',
    remedy: 'Raise schemaVersion as the message says.',
  },
  EW1006: {
    title: 'A layer holds what only a base deployment may',
    severity: 'error',
    reason:
      'IoT Hub does not merge it: layers carry modules, routes, registry credentials and module twins, nothing else.',
    remedy: 'Move it into the base deployment.',
  },
  EW2001: {
    title: 'The route does not compile',
    severity: 'error',
    reason: 'One route that does not compile makes edgeHub refuse its whole configuration and keep the former one.',
    remedy: 'Mend the route at the caret; docs/routes.md describes the language.',
  },
  EW2002: {
    title: 'The route leads to a module that is not there',
    severity: 'error',
    reason: 'Messages for it are stored on the device until their time to live ends, and are then lost.',
    remedy: 'Correct the name, or add the module.',
  },
  EW2003: {
    title: 'The route takes messages of a module that is not there',
    severity: 'note',
    reason:
      'The module may belong to another deployment or connect by itself; if not, the route never takes a message.',
    remedy: 'Check the name. Upper and lower case do not count here.',
  },
  EW2004: {
    title: 'Nobody takes an output of the scorer',
    severity: 'warning',
    reason: 'edgeHub confirms messages that no route takes, and drops them.',
    remedy: 'Add a route for the output, or take all with `/messages/modules/NAME/outputs/*`.',
  },
  EW2005: {
    title: 'Messages may go round in a circle',
    severity: 'warning',
    reason:
      'A message that comes back to the module that sent it is sent again, without end, if the module passes on what it gets.',
    remedy: 'Name the outputs that are meant in place of `*`, or give a condition that ends the circle.',
  },
  EW2006: {
    title: 'Priority or time to live of a route have no effect',
    severity: 'warning',
    reason:
      'edgeHub delivers a message once to an endpoint, with the smallest priority number of all routes that take it.',
    remedy: 'Give this route the smaller number, or take its messages out of the other one.',
  },
  EW2007: {
    title: 'A module gets the same message twice',
    severity: 'warning',
    reason: 'Each input is an endpoint of its own, so a message that two routes take arrives once at each.',
    remedy: 'Let the routes differ in their sources or conditions, or let both lead to one input.',
  },
  EW2008: {
    title: 'Wrong priority or time to live',
    severity: 'error',
    reason: 'edgeHub refuses its whole configuration.',
    remedy: 'Priorities go from 0 (first) to 9; times to live from 0 (the global one) to 4294967295 seconds.',
  },
  EW2009: {
    title: 'The source matches no message',
    severity: 'warning',
    reason:
      'Sources are compared segment by segment from the left, and a `*` counts only at the end; the messages that there are come from `/messages`, `/messages/modules/NAME`, `/messages/modules/NAME/outputs/OUTPUT` and `/twinChangeNotifications`.',
    remedy: 'Write the source in one of these forms, or cut it behind the last part that is meant, with `/*`.',
  },
  EW2010: {
    title: 'A property name holds an operator sign',
    severity: 'warning',
    reason: 'Names in conditions may hold signs such as + - ! and quotes, so `a!=b` reads the property `a!`.',
    remedy: 'Put blanks around operators; if the property is really called so, rename it.',
  },
  EW2011: {
    title: 'Text behind the sink is ignored',
    severity: 'warning',
    reason: 'edgeHub stops reading behind the sink, so a condition or a second sink there does nothing.',
    remedy: 'Take the text out, or move a condition between the source and INTO.',
  },
  EW2012: {
    title: 'is_null is true for values of the body that are there',
    severity: 'warning',
    reason: 'edgeHub has it the wrong way round: true for whatever stands in the body, false for what is missing.',
    remedy: 'Write `$body.name = null`, which is true for null and for what is missing.',
  },
  EW2013: {
    title: 'The endpoint is not written as it is meant',
    severity: 'warning',
    reason: 'edgeHub does not look at the first and third part of the path, so a slip there is not noticed.',
    remedy: 'Write BrokeredEndpoint("/modules/NAME/inputs/INPUT").',
  },
  EW2014: {
    title: 'The route leads to a module that is stopped',
    severity: 'warning',
    reason: 'Messages for it fill the store of the device until their time to live ends.',
    remedy: 'Let the module run, or take the route out.',
  },
  EW2015: {
    title: 'Wrong route name',
    severity: 'error',
    reason: 'Names of routes are keys of a twin, which IoT Hub refuses.',
    remedy: 'Use no blank, dot, $ or # in it.',
  },
  ...moduleEntries,
  EW4001: {
    title: 'Too many desired properties',
    severity: 'error',
    reason: 'IoT Hub takes at most 32 KB of desired properties for one module, and refuses the manifest.',
    remedy:
      'For $edgeAgent: shorten createOptions and environment variables. For modules: put large settings into files.',
  },
  EW4002: {
    title: 'A value is too long',
    severity: 'error',
    reason: 'IoT Hub takes strings of at most 4096 bytes in twins, and refuses the manifest.',
    remedy: 'Shorten it; createOptions may be cut into pieces.',
  },
  EW4003: {
    title: 'Desired properties are nested too deep',
    severity: 'error',
    reason: 'IoT Hub takes at most 10 levels, and refuses the manifest.',
    remedy: 'Make the properties flatter.',
  },
  EW4004: {
    title: 'Wrong name of a desired property',
    severity: 'error',
    reason: 'IoT Hub refuses names with dots, blanks, $ or control characters, and names of more than 1024 bytes.',
    remedy: 'Rename the property.',
  },
  EW5001: {
    title: 'A registry password stands in the manifest',
    severity: 'warning',
    reason: 'Whoever may read the manifest or the twin of edgeAgent may pull, and perhaps push, images.',
    remedy:
      'Use a token that may only pull, keep the built manifest out of version control, and name the password by a variable in the template.',
  },
  EW5002: {
    title: 'A secret stands in the manifest',
    severity: 'warning',
    reason: 'Whoever may read the manifest or the twin has the secret; IoT Hub keeps twins in clear.',
    remedy: 'Let the module get it from the device (a mounted file, a key vault), or from an identity of its own.',
  },
  EW6001: {
    title: 'iotedgehubdev drops it',
    severity: 'note',
    reason: 'iotedgehubdev starts modules with docker-compose and translates only some settings.',
    remedy: 'Test what depends on it with `edgewright sim`.',
  },
  EW6002: {
    title: 'iotedgehubdev takes no layers',
    severity: 'note',
    reason: 'iotedgehubdev starts whole manifests only.',
    remedy: 'Lay it over its base in `edgewright sim`, which evaluates layered deployments.',
  },
} as const satisfies Record<string, LintEntry>;

/** The codes of lint. */
export type LintCode = keyof typeof lintCatalogue;
