import { rename, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { platforms } from '@edgewright/contract';
import type { Platform } from '@edgewright/contract';
import type { Finding } from '@edgewright/workspace';
import { oneOf } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';

interface LintFlags {
  readonly platform?: Platform;
  readonly previous?: string;
  readonly also?: 'iotedgehubdev';
  readonly sarif?: string;
}

/** `edgewright manifest lint`. */
export function defineManifestLint(group: Command, invocation: Invocation): void {
  group
    .command('lint')
    .description(
      'check deployment manifests and layers: their form, and whether they make sense; exit code 2 on errors',
    )
    .argument('<files...>', 'the manifests')
    .option(
      '--platform <name>',
      `check that images of the workspace have the platform: ${platforms.join(', ')}`,
      oneOf('--platform', platforms),
    )
    .option('--previous <file>', 'the manifest that devices have now, to see what changes together')
    .option('--also <tool>', 'note what another tool would drop: iotedgehubdev', oneOf('--also', ['iotedgehubdev']))
    .option('--sarif <file>', 'write the findings as SARIF 2.1.0 too; - for stdout, in place of the text')
    .addHelpText(
      'after',
      '\nExample:\n  $ edgewright manifest lint config/scorer.amd64.json --sarif lint.sarif\n\ndocs/lint.md has a paragraph on each code; --output json prints the findings as JSON.',
    )
    .action(async (files: string[], flags: LintFlags) => lint(files, flags, invocation));
}

interface LintedFile {
  readonly file: string;
  readonly errors: number;
  readonly warnings: number;
  readonly notes: number;
  readonly findings: readonly Finding[];
}

async function lint(files: readonly string[], flags: LintFlags, invocation: Invocation): Promise<void> {
  const { platform, previous, also, sarif } = flags;
  const { results, log } = await invocation.withWorkspace(async (workspace) => {
    const results: LintedFile[] = [];
    for (const file of files) {
      const findings = await workspace.manifests.lint(invocation.path(file), {
        ...(platform === undefined ? {} : { platform }),
        ...(previous === undefined ? {} : { previous: invocation.path(previous) }),
        ...(also === undefined ? {} : { also: [also] }),
      });
      results.push({ file, ...countsOf(findings), findings });
    }
    const reports = results.map(({ file, findings }) => ({ file: invocation.path(file), source: file, findings }));
    return { results, log: sarif === undefined ? undefined : await workspace.manifests.sarif(reports) };
  });
  if (results.some(({ errors }) => errors > 0)) invocation.exitCode = 2;
  if (sarif === '-') {
    invocation.terminal.line(JSON.stringify(log, null, 2));
    return;
  }
  if (sarif !== undefined) {
    const target = invocation.path(sarif);
    await writeFile(`${target}.tmp`, `${JSON.stringify(log, null, 2)}\n`);
    await rename(`${target}.tmp`, target);
  }
  const [first, ...more] = results;
  invocation.terminal.result(more.length === 0 ? first : { files: results }, () => results.map(lintText).join('\n\n'));
}

function countsOf(findings: readonly Finding[]): { errors: number; warnings: number; notes: number } {
  const count = (severity: Finding['severity']) => findings.filter((finding) => finding.severity === severity).length;
  return { errors: count('error'), warnings: count('warning'), notes: count('note') };
}

function lintText({ file, findings, ...counts }: LintedFile): string {
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
