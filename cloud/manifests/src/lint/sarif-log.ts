import { lintCatalogue } from './catalogue.ts';
import type { LintEntry } from './lint-entry.ts';
import type { Finding, Severity } from './finding.ts';
import { jsonSteps } from './json-path.ts';
import { createJsonLocator } from './locate-json.ts';

/** What lint found in one file. */
export interface LintReport {
  /** The file's path as it is to stand in the log; with slashes, relative to the root of the sources. */
  readonly source: string;
  /** The file's text, for lines and columns. */
  readonly text: string;
  readonly findings: readonly Finding[];
}

const LEVELS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', note: 'note' };
const INFORMATION = 'https://github.com/edgewright/edgewright/blob/main/docs/lint.md';

/**
 * Findings as a SARIF 2.1.0 log (OASIS), which code hosts and editors show beside the lines.
 *
 * @param version of edgewright, for the log
 */
export function sarifLog(reports: readonly LintReport[], version: string): Readonly<Record<string, unknown>> {
  const codes = Object.keys(lintCatalogue);
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'edgewright', version, informationUri: INFORMATION, rules: codes.map(ruleOf) } },
        columnKind: 'utf16CodeUnits',
        results: reports.flatMap((report) => resultsOf(report, codes)),
      },
    ],
  };
}

function ruleOf(code: string): Readonly<Record<string, unknown>> {
  const { title, severity, reason, remedy } = lintCatalogue[code as keyof typeof lintCatalogue] satisfies LintEntry;
  const anchor = `${code}-${title}`
    .toLowerCase()
    .replaceAll(' ', '-')
    .replace(/[^\w-]/g, '');
  return {
    id: code,
    shortDescription: { text: title },
    fullDescription: { text: reason },
    help: { text: remedy },
    helpUri: `${INFORMATION}#${anchor}`,
    defaultConfiguration: { level: LEVELS[severity] },
  };
}

function resultsOf(
  { source, text, findings }: LintReport,
  codes: readonly string[],
): Readonly<Record<string, unknown>>[] {
  const locate = createJsonLocator(text);
  return findings.map(({ code, severity, path, message, remedy }) => {
    const { line, column } = locate(jsonSteps(path));
    return {
      ruleId: code,
      ruleIndex: codes.indexOf(code),
      level: LEVELS[severity],
      message: { text: `${message}\n${remedy}` },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: encodeURI(source.replaceAll('\\', '/')) },
            region: { startLine: line, startColumn: column },
          },
          logicalLocations: [{ fullyQualifiedName: path }],
        },
      ],
    };
  });
}
