/** The steps from the top of a document to a place in it. */
export type JsonSteps = readonly (string | number)[];

/** A place as text: `$.modulesContent.$edgeAgent["properties.desired"].modules.scorer`. */
export function jsonPath(steps: JsonSteps): string {
  return `$${steps.map(stepText).join('')}`;
}

/** Undoes {@link jsonPath}; what is not one ends where it stops being one. */
export function jsonSteps(path: string): (string | number)[] {
  const steps: (string | number)[] = [];
  const step = /\.(?<name>[\w$-]+)|\[(?<index>\d+)\]|\[(?<quoted>"(?:[^"\\]|\\.)*")\]/y;
  step.lastIndex = 1;
  for (let found = step.exec(path); found !== null; found = step.exec(path)) {
    const { name, index, quoted } = found.groups ?? {};
    if (name !== undefined) steps.push(name);
    else if (index !== undefined) steps.push(Number(index));
    else steps.push(String(JSON.parse(quoted ?? '""')));
  }
  return steps;
}

function stepText(step: string | number): string {
  if (typeof step === 'number') return `[${step}]`;
  return /^[\w$-]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}
