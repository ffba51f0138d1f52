import { Option } from 'commander';
import type { Command } from 'commander';
import type { Fault, FaultKind, FaultRequest } from '@edgewright/workspace';
import { wholeNumber } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';
import { textTable } from '../text-table.ts';

interface FaultFlags {
  readonly deviceId?: string;
  readonly moduleId?: string;
  readonly count?: number;
  readonly for?: number;
  readonly delay?: number;
  readonly bytesPerSecond?: number;
  readonly seconds?: number;
  readonly state?: string;
}

type Setting = 'who' | 'count' | 'for' | 'delay' | 'rate' | 'skew';

interface FaultVerb {
  readonly kind: FaultKind;
  readonly description: string;
  readonly settings: readonly Setting[];
  readonly example: string;
}

const verbs: readonly FaultVerb[] = [
  {
    kind: 'drop-puback',
    description: 'take messages, but do not confirm them: their senders must send them again',
    settings: ['who', 'count', 'for'],
    example: '-d plant-1 -m sensor --count 3',
  },
  {
    kind: 'delay-puback',
    description: 'confirm messages late',
    settings: ['who', 'count', 'for', 'delay'],
    example: '--delay 2000 --for 60',
  },
  { kind: 'cut', description: 'break connections off', settings: ['who'], example: '-d plant-1' },
  {
    kind: 'lose-session',
    description: 'break connections off and forget what their clients subscribed to',
    settings: ['who'],
    example: '-d plant-1 -m scorer',
  },
  {
    kind: 'restart',
    description: "take the hub, or an edge device's edgeHub, away for a while (default: one second)",
    settings: ['who', 'for'],
    example: '-d plant-1 --for 30',
  },
  {
    kind: 'throttle',
    description: 'make the hub answer 429',
    settings: ['count', 'for'],
    example: '--count 5',
  },
  {
    kind: 'clock-skew',
    description: "put the hub's clock wrong: ahead, or behind with a negative number",
    settings: ['for', 'skew'],
    example: '--seconds 7200',
  },
  {
    kind: 'slow-link',
    description: 'slow connections down, in both directions',
    settings: ['who', 'for', 'delay', 'rate'],
    example: '-d plant-1 --delay 300 --bytes-per-second 20000',
  },
];

const stateFlag = ['--state <dir>', 'the state folder of the simulator; default: simulator in the workspace'] as const;

/** `edgewright sim fault KIND|list|clear`. */
export function defineSimFault(group: Command, invocation: Invocation): void {
  const faults = group.command('fault').description('make things go wrong, at the hub and at edge devices');
  for (const verb of verbs) defineKind(faults, invocation, verb);
  faults
    .command('list')
    .description('the faults that are in force')
    .option(...stateFlag)
    .addHelpText('after', '\nExample:\n  $ edgewright sim fault list')
    .action(async (flags: { state?: string }) => {
      const inForce = await invocation.withSimulator(flags.state, (simulator) => simulator.faults());
      invocation.terminal.result({ faults: inForce }, () =>
        inForce.length === 0 ? 'no faults are in force' : faultTable(inForce),
      );
    });
  faults
    .command('clear')
    .description('end a fault, or all of them')
    .argument('[id]', 'the number that `sim fault list` shows; without it: all', wholeNumber('the id', 1))
    .option(...stateFlag)
    .addHelpText('after', '\nExample:\n  $ edgewright sim fault clear')
    .action(async (id: number | undefined, flags: { state?: string }) => {
      const ended = await invocation.withSimulator(flags.state, (simulator) => simulator.clearFaults(id));
      invocation.terminal.result({ cleared: ended }, () => `${ended.length} cleared`);
    });
}

function defineKind(faults: Command, invocation: Invocation, verb: FaultVerb): void {
  const command = faults.command(verb.kind).description(verb.description);
  const has = (setting: Setting) => verb.settings.includes(setting);
  if (has('who')) {
    command.option('-d, --device-id <id>', 'only for this device; default: everybody');
    if (verb.kind !== 'restart') command.option('-m, --module-id <id>', 'only for this module of the device');
  }
  if (has('count')) command.option('--count <n>', 'end after it has struck so often', wholeNumber('--count', 1));
  if (has('for')) command.option('--for <seconds>', 'end after so many seconds', wholeNumber('--for', 1));
  if (has('delay')) {
    const delay = new Option('--delay <ms>', 'the delay of each').argParser(wholeNumber('--delay', 0));
    command.addOption(delay.makeOptionMandatory(!has('rate')));
  }
  if (has('rate')) {
    command.option('--bytes-per-second <n>', 'what goes through', wholeNumber('--bytes-per-second', 1));
  }
  if (has('skew')) command.requiredOption('--seconds <n>', 'how far ahead the clock is', wholeSeconds);
  command
    .option(...stateFlag)
    .addHelpText('after', `\nExample:\n  $ edgewright sim fault ${verb.kind} ${verb.example}`)
    .action(async (flags: FaultFlags) => {
      const request = requestOf(verb.kind, flags);
      const fault = await invocation.withSimulator(flags.state, (simulator) => simulator.injectFault(request));
      invocation.terminal.result(fault, () => faultTable([fault]));
    });
}

function wholeSeconds(text: string): number {
  const sign = text.startsWith('-') ? -1 : 1;
  return sign * wholeNumber('--seconds', 0)(sign < 0 ? text.slice(1) : text);
}

function requestOf(kind: FaultKind, flags: FaultFlags): FaultRequest {
  return {
    kind,
    ...(flags.deviceId !== undefined && { deviceId: flags.deviceId }),
    ...(flags.moduleId !== undefined && { moduleId: flags.moduleId }),
    ...(flags.count !== undefined && { count: flags.count }),
    ...(flags.for !== undefined && { durationMs: flags.for * 1000 }),
    ...(flags.delay !== undefined && { delayMs: flags.delay }),
    ...(flags.bytesPerSecond !== undefined && { bytesPerSecond: flags.bytesPerSecond }),
    ...(flags.seconds !== undefined && { skewMs: flags.seconds * 1000 }),
  };
}

function faultTable(faults: readonly Fault[]): string {
  return textTable(faults, [
    { heading: 'ID', cell: ({ id }) => String(id), align: 'right' },
    { heading: 'FAULT', cell: ({ kind }) => kind },
    { heading: 'FOR', cell: ({ deviceId = 'everybody', moduleId }) => [deviceId, moduleId].filter(Boolean).join('/') },
    { heading: 'SETTINGS', cell: settingsText },
    { heading: 'STRUCK', cell: ({ strikes }) => String(strikes), align: 'right' },
    { heading: 'SINCE', cell: ({ since }) => since },
  ]);
}

function settingsText({ count, durationMs, delayMs, bytesPerSecond, skewMs }: Fault): string {
  return [
    count === undefined ? '' : `${count} times`,
    delayMs === undefined ? '' : `${delayMs} ms`,
    bytesPerSecond === undefined ? '' : `${bytesPerSecond} bytes/s`,
    skewMs === undefined ? '' : `${skewMs / 1000} s`,
    durationMs === undefined ? '' : `for ${durationMs / 1000} s`,
  ]
    .filter((part) => part !== '')
    .join(', ');
}
