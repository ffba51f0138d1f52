import type { Command } from 'commander';
import { defineSimDevice } from './sim-device.ts';
import { defineSimMonitor } from './sim-monitor.ts';
import { defineSimSend } from './sim-send.ts';
import { defineSimStart } from './sim-start.ts';
import type { Invocation } from '../invocation.ts';

/** `edgewright sim start|stop|send|monitor` and `edgewright sim device create|list|offline|online`. */
export function defineSim(program: Command, invocation: Invocation): void {
  const group = program.command('sim').description('IoT Hub, edgeHub, workload API and edge agent on this machine');
  defineSimStart(group, invocation);
  defineStop(group, invocation);
  defineSimDevice(group, invocation);
  defineSimSend(group, invocation);
  defineSimMonitor(group, invocation);
}

function defineStop(group: Command, invocation: Invocation): void {
  group
    .command('stop')
    .description('end the simulator that runs in this workspace, and everything that it started')
    .option('--state <dir>', 'its state folder; default: simulator in the workspace')
    .addHelpText('after', '\nExample:\n  $ edgewright sim stop')
    .action(async (flags: { state?: string }) => {
      await invocation.withSimulator(flags.state, (simulator) => simulator.stop());
      invocation.terminal.result({ stopped: true }, () => 'stopped');
    });
}
