import { rename, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { ManifestExplanation } from '@edgewright/workspace';
import { oneOf } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';

/** `edgewright manifest explain`. */
export function defineManifestExplain(group: Command, invocation: Invocation): void {
  group
    .command('explain')
    .description('say in words what a manifest or layer makes a device do')
    .argument('<file>', 'the manifest')
    .addHelpText('after', '\nExample:\n  $ edgewright manifest explain config/scorer.amd64.json')
    .action(async (file: string) => {
      const explanation = await invocation.withWorkspace((workspace) =>
        workspace.manifests.explain(invocation.path(file)),
      );
      invocation.terminal.result(explanation, () => explanationText(explanation));
    });
}

/** `edgewright manifest graph`. */
export function defineManifestGraph(group: Command, invocation: Invocation): void {
  group
    .command('graph')
    .description('draw modules and routes')
    .argument('<file>', 'the manifest or layer')
    .option('--format <name>', 'svg, or mermaid for Markdown', oneOf('--format', ['svg', 'mermaid']), 'mermaid')
    .option('-f, --output-file <file>', 'where to write it; default: stdout')
    .addHelpText(
      'after',
      '\nExample:\n  $ edgewright manifest graph config/scorer.amd64.json --format svg -f scorer.svg',
    )
    .action(async (file: string, flags: { format: 'svg' | 'mermaid'; outputFile?: string }) => {
      const graph = await invocation.withWorkspace((workspace) => workspace.manifests.graph(invocation.path(file)));
      const { nodes, edges, omitted } = graph;
      for (const name of omitted) invocation.terminal.say(`the route "${name}" is not drawn: see manifest lint`);
      const text = graph[flags.format];
      if (flags.outputFile === undefined) {
        invocation.terminal.result({ nodes, edges, omitted, [flags.format]: text }, () => text.trimEnd());
        return;
      }
      const target = invocation.path(flags.outputFile);
      await writeFile(`${target}.tmp`, text);
      await rename(`${target}.tmp`, target);
      invocation.terminal.result({ nodes, edges, omitted, file: target }, () => `wrote ${target}`);
    });
}

function explanationText({ modules, routes, twins }: ManifestExplanation): string {
  const parts = [
    ...modules.map(({ name, system, image, says }) => [
      `${system ? 'system module' : 'module'} ${name} (${image})`,
      ...says,
    ]),
    ...routes.map(({ name, says }) => [`route ${name}`, says]),
    ...twins.map(({ module, members, bytes }) => [
      `desired properties of ${module}`,
      `${members.length === 0 ? 'none' : members.join(', ')} (${bytes} of 32768 bytes)`,
    ]),
  ];
  return parts.map(([heading, ...lines]) => [heading, ...lines.map((line) => `  ${line}`)].join('\n')).join('\n\n');
}
