import Type from 'typebox';
import { checkDocument, documentIssues } from './document.ts';
import type { DocumentIssue } from './document.ts';
import { ContractError } from './errors/contract-error.ts';
import { RolloutFileSchema, rolloutGateForms } from './rollout-file.ts';
import type { RolloutFile } from './rollout-file.ts';

const WithoutGates = Type.Object(
  { ...RolloutFileSchema.properties, gates: Type.Optional(Type.Array(Type.Unknown(), { maxItems: 50 })) },
  { additionalProperties: false },
);

/**
 * Checks a rollout file. A gate is held against the form that it has, so that a slip in it is told as that, and not as all that
 * the other forms would have.
 *
 * @param source what it is, for the message, such as the file's name
 * @throws ContractError `InvalidDocument`, whose details hold every issue
 */
export function checkRolloutFile(value: unknown, source: string): RolloutFile {
  const { gates = [] } = checkDocument(WithoutGates, value, source);
  const issues = gates.flatMap((gate, index) => gateIssues(gate, `$.gates[${index}]`));
  const [first] = issues;
  if (first === undefined) return value as RolloutFile;
  const more = issues.length > 1 ? `; and ${issues.length - 1} more` : '';
  throw new ContractError(
    'InvalidDocument',
    `${source} is not valid: ${first.path}: expected ${first.expected}, found ${first.found}${more}`,
    { details: { source, issues } },
  );
}

function gateIssues(gate: unknown, path: string): DocumentIssue[] {
  const members: readonly string[] = typeof gate === 'object' && gate !== null ? Object.keys(gate) : [];
  const forms = Object.entries(rolloutGateForms).filter(([name]) => members.includes(name));
  const [form] = forms;
  if (form === undefined || forms.length > 1) {
    const found = forms.length > 1 ? forms.map(([name]) => name).join(' and ') : 'none of them';
    return [{ path, expected: `one of ${Object.keys(rolloutGateForms).join(', ')}`, found }];
  }
  const issues = documentIssues(form[1], gate).map((issue) => ({ ...issue, path: `${path}${issue.path.slice(1)}` }));
  const { minimum, maximum } = gate as { readonly minimum?: unknown; readonly maximum?: unknown };
  if (minimum !== undefined || maximum !== undefined) return issues;
  return [...issues, { path, expected: 'minimum, maximum or both', found: 'neither, so that it holds whatever comes' }];
}
