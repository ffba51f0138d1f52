import type { Command } from 'commander';
import type { Invocation } from '../invocation.ts';
import { defineEdgeDeployment } from './edge-deployment.ts';
import { defineEdgeDevice } from './edge-device.ts';
import { defineEdgeDiff, defineEdgePlan } from './edge-plan.ts';
import { defineEdgeTag } from './edge-tag.ts';
import { defineEdgeTwin } from './edge-twin.ts';
import { hubSelection, withHubFlags } from './hub-flags.ts';
import type { HubFlags } from './hub-flags.ts';

/** `edgewright edge apply|deployment|plan|diff|tag|twin|invoke|logs|monitor`. */
export function defineEdge(program: Command, invocation: Invocation): void {
  const group = program.command('edge').description('configure, look at and call IoT Edge devices, one or many');
  defineApply(group, invocation);
  defineEdgeDeployment(group, invocation);
  defineEdgePlan(group, invocation);
  defineEdgeDiff(group, invocation);
  defineEdgeTag(group, invocation);
  defineEdgeTwin(group, invocation);
  defineEdgeDevice(group, invocation);
}

function defineApply(group: Command, invocation: Invocation): void {
  const command = group
    .command('apply')
    .description('make a manifest the configuration of one edge device, at once')
    .requiredOption('-d, --device-id <id>', 'the edge device')
    .requiredOption('-k, --content <file>', 'the deployment manifest');
  withHubFlags(command)
    .addHelpText('after', '\nExample:\n  $ edgewright edge apply -d plant-1 -k config/scorer.amd64.json')
    .action(async (flags: HubFlags & { deviceId: string; content: string }) => {
      await invocation.withWorkspace((workspace) =>
        workspace.edge.apply({
          deviceId: flags.deviceId,
          manifest: invocation.path(flags.content),
          ...hubSelection(flags, invocation),
        }),
      );
      invocation.terminal.result({ deviceId: flags.deviceId, applied: true }, () => `applied to ${flags.deviceId}`);
    });
}
