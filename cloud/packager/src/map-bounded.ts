/**
 * Like `Promise.all(items.map(action))`, with at most `limit` actions at once. After a failure no further one is started;
 * the failure is thrown when those that run have ended.
 */
export async function mapBounded<Item, Result>(
  items: readonly Item[],
  limit: number,
  action: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (const [place, item] of queue) {
      if (failures.length > 0) return;
      try {
        results[place] = await action(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  if (failures.length > 0) throw failures[0];
  return results;
}
