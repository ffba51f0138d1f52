import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { platforms } from '@edgewright/contract';
import type { Platform } from '@edgewright/contract';
import type { Finding } from '@edgewright/workspace';
import { collectPairs, oneOf } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';

/** `edgewright manifest build|lint`. */
export function defineManifest(program: Command, invocation: Invocation): void {
  const group = program.command('manifest').description('build and check deployment manifests');
  defineBuild(group, invocation);
  defineLint(group, invocation);
}

interface BuildFlags {
  readonly template: string;
  readonly platform: Platform;
  readonly set?: Record<string, string>;
  readonly image?: Record<string, string>;
  readonly envFile?: string;
  readonly outputFile?: string;
}

function defineBuild(group: Command, invocation: Invocation): void {
  group
    .command('build')
    .description('make a deployment manifest from a template')
    .requiredOption('-t, --template <file>', 'the template, such as deployment-manifests/scorer.template.json')
    .option('--platform <name>', `the platform: ${platforms.join(', ')}`, oneOf('--platform', platforms), 'amd64')
    .option(
      '--set <name=value>',
      'a value for ${NAME} in the template; may be given several times',
      collectPairs('--set'),
    )
    .option(
      '--image <module=reference>',
      'the image for ${MODULES.module}; may be given several times',
      collectPairs('--image'),
    )
    .option('--env-file <file>', 'a file of NAME=value lines; --set wins over it')
    .option('-f, --output-file <file>', 'where to write it; default: config/<name>.<platform>.json')
    .addHelpText(
      'after',
      '\nExample:\n  $ edgewright manifest build -t deployment-manifests/scorer.template.json --image scorer=diabetes-scorer:1',
    )
    .action(async (flags: BuildFlags) => {
      const built = await invocation.withWorkspace((workspace) =>
        workspace.manifests.build({
          template: invocation.path(flags.template),
          platform: flags.platform,
          variables: flags.set ?? {},
          images: flags.image ?? {},
          ...(flags.envFile === undefined ? {} : { envFile: invocation.path(flags.envFile) }),
        }),
      );
      const file = invocation.path(flags.outputFile ?? path.join('config', built.outputName));
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, `${JSON.stringify(built.manifest, null, 2)}\n`);
      invocation.terminal.result({ file, manifest: built.manifest }, () => `wrote ${file}`);
    });
}

function defineLint(group: Command, invocation: Invocation): void {
  group
    .command('lint')
    .description('check a deployment manifest: its form, and whether it makes sense')
    .argument('<file>', 'the manifest')
    .addHelpText('after', '\nExample:\n  $ edgewright manifest lint config/scorer.amd64.json')
    .action(async (file: string) => {
      const findings = await invocation.withWorkspace((workspace) => workspace.manifests.lint(invocation.path(file)));
      const count = (severity: Finding['severity']) =>
        findings.filter((finding) => finding.severity === severity).length;
      const counts = { errors: count('error'), warnings: count('warning'), notes: count('note') };
      invocation.terminal.result({ file, ...counts, findings }, () => lintText(file, findings, counts));
      if (counts.errors > 0) invocation.exitCode = 2;
    });
}

function lintText(file: string, findings: readonly Finding[], counts: Readonly<Record<string, number>>): string {
  const paragraphs = findings.map(
    (finding) =>
      `${finding.severity} ${finding.code} at ${finding.path}\n${indent(finding.message)}\n  why: ${finding.reason}\n  what to do: ${finding.remedy}`,
  );
  const summary = `${file}: ${Object.entries(counts)
    .map(([name, count]) => `${count} ${count === 1 ? name.slice(0, -1) : name}`)
    .join(', ')}`;
  return [...paragraphs, summary].join('\n\n');
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
