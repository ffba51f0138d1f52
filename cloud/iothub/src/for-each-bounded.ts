/** How many calls are under way at once; IoT Hub's standard units take about ten twins a second each. */
const AT_ONCE = 16;

/** Does something for each item, some at a time; the first failure ends it. */
export async function forEachBounded<Item>(
  items: readonly Item[],
  action: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const worker = async () => {
    for (const item of waiting) await action(item);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}
