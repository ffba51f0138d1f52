/** The place of a job as an engine sees it: a folder, or a prefix of a container, that its nodes reach too. */
export interface BatchPlace {
  /** All below a prefix, with names relative to the place. */
  list(prefix?: string): AsyncIterable<{ readonly name: string; readonly sizeBytes: number }>;
  /** Undefined when there is nothing of that name. */
  find(name: string): Promise<{ readonly sizeBytes: number } | undefined>;
  read(name: string): Promise<Buffer>;
  /** Whole or not at all. */
  write(name: string, text: string): Promise<void>;
  /** Nothing happens when it is not there. */
  remove(name: string): Promise<void>;
}

/** A text of a place; undefined when it is not there. */
export async function placeText(place: BatchPlace, name: string): Promise<string | undefined> {
  return (await place.find(name)) === undefined ? undefined : (await place.read(name)).toString('utf8');
}

/** The names below a prefix. */
export async function placeNames(place: BatchPlace, prefix: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of place.list(prefix)) names.push(name);
  return names;
}
