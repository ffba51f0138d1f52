import { ScorerError } from './scorer-error.ts';

/** Environment variables. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * A variable that is a whole number; undefined when it is not set or empty.
 *
 * @throws ScorerError `EnvironmentInvalid`
 */
export function wholeNumber(
  variables: Variables,
  name: string,
  range: { readonly least: number; readonly most: number },
): number | undefined {
  const text = variables[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= range.least && value <= range.most) return value;
  throw new ScorerError(
    'EnvironmentInvalid',
    `${name} is "${text}": expected a whole number from ${range.least} to ${range.most}`,
    { details: { variable: name, value: text, ...range } },
  );
}
