import type { Command } from 'commander';
import { defineSimDeviceAuthority } from './sim-device-authority.ts';
import { defineSimDevice } from './sim-device.ts';
import { defineSimFault } from './sim-fault.ts';
import { defineSimMessage } from './sim-message.ts';
import { defineSimMonitor } from './sim-monitor.ts';
import { defineSimRecord } from './sim-record.ts';
import { defineSimSend } from './sim-send.ts';
import { defineSimSetup } from './sim-setup.ts';
import { defineSimStart } from './sim-start.ts';
import type { Invocation } from '../invocation.ts';

/** `edgewright sim` with all of its verbs. */
export function defineSim(program: Command, invocation: Invocation): void {
  const group = program.command('sim').description('IoT Hub, edgeHub, workload API and edge agent on this machine');
  defineSimStart(group, invocation);
  defineSimSetup(group, invocation);
  defineSimDeviceAuthority(group, invocation);
  defineStop(group, invocation);
  defineSimDevice(group, invocation);
  defineSimSend(group, invocation);
  defineSimMessage(group, invocation);
  defineSimMonitor(group, invocation);
  defineSimRecord(group, invocation);
  defineSimFault(group, invocation);
}

function defineStop(group: Command, invocation: Invocation): void {
  group
    .command('stop')
    .description('end the simulator that runs in this workspace, and everything that it started')
    .option('--state <dir>', 'its state folder; default: simulator in the workspace')
    .option('-H, --docker-host <address>', "taken for iotedgehubdev's sake: it knows the engine that it started with")
    .addHelpText('after', '\nExample:\n  $ edgewright sim stop')
    .action(async (flags: { state?: string; dockerHost?: string }) => {
      if (flags.dockerHost !== undefined) {
        invocation.terminal.say('--docker-host is not used: the simulator ends its containers where it started them');
      }
      await invocation.withSimulator(flags.state, (simulator) => simulator.stop());
      invocation.terminal.result({ stopped: true }, () => 'stopped');
    });
}
