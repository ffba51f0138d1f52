import { IotHubError } from '../iothub-error.ts';

/** A word, sign or value of a condition. */
export interface ConditionToken {
  readonly kind: 'name' | 'string' | 'number' | 'sign' | 'end';
  readonly text: string;
  /** Characters from 0. */
  readonly at: number;
}

// [[any name]] is a name too; strings are in ' or ", with \ before what would end them
const TOKEN =
  /\s*(?:(?<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\[\[(?<quoted>[^\]]+)\]\]|(?<name>[A-Za-z_$][\w$-]*)|'(?<single>(?:[^'\\]|\\.)*)'|"(?<double>(?:[^"\\]|\\.)*)"|(?<sign><>|!=|<=|>=|[=<>(),.[\]*/%+-]))/y;

/** The longest condition; IoT Hub takes no longer ones. */
const MAX_LENGTH = 8192;

/** @throws IotHubError `ConditionInvalid` with the place */
export function tokensOf(text: string): ConditionToken[] {
  if (text.length > MAX_LENGTH) throw conditionFault(text, MAX_LENGTH, `it has more than ${MAX_LENGTH} characters`);
  const tokens: ConditionToken[] = [];
  TOKEN.lastIndex = 0;
  let at = 0;
  for (let found = TOKEN.exec(text); found !== null; found = TOKEN.exec(text)) {
    const { number, quoted, name, single, double, sign } = found.groups ?? {};
    const start = at + (found[0].length - found[0].trimStart().length);
    const inside = single ?? double;
    if (number !== undefined) tokens.push({ kind: 'number', text: number, at: start });
    else if (inside !== undefined) tokens.push({ kind: 'string', text: inside.replaceAll(/\\(.)/gs, '$1'), at: start });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign, at: start });
    else tokens.push({ kind: 'name', text: quoted ?? name ?? '', at: start });
    at = TOKEN.lastIndex;
  }
  if (text.slice(at).trim() !== '')
    throw conditionFault(text, at, `nothing begins with "${text.slice(at).trim().charAt(0)}"`);
  return [...tokens, { kind: 'end', text: '', at: text.length }];
}

export function conditionFault(text: string, at: number, reason: string): IotHubError {
  return new IotHubError('ConditionInvalid', `cannot read the condition at character ${at + 1}: ${reason}: ${text}`, {
    details: { condition: text, position: at },
  });
}
