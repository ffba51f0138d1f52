/** Whether the body of a message is JSON in which every path has its value. Paths are such as `a.b[0].c`. */
export function bodyMatches(body: Buffer, wanted: Readonly<Record<string, string>>): boolean {
  const entries = Object.entries(wanted);
  if (entries.length === 0) return true;
  let document: unknown;
  try {
    document = JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return false;
  }
  return entries.every(([path, value]) => isValue(at(document, path), value));
}

function at(document: unknown, path: string): unknown {
  let here = document;
  for (const step of path.replaceAll(/\[(\d+)\]/g, '.$1').split('.')) {
    if (step === '' || typeof here !== 'object' || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Record<string, unknown>)[step];
  }
  return here;
}

/** Text as it is, everything else by its JSON. */
function isValue(found: unknown, wanted: string): boolean {
  if (found === undefined) return false;
  return found === wanted || JSON.stringify(found) === wanted;
}
