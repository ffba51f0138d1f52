/**
 * Applies an action to each of many items and gives the results in the order of the items, with at most `limit` actions under
 * way. Items that nobody asks for are not read beyond that.
 */
export async function* readAhead<Item, Result>(
  items: AsyncIterable<Item>,
  limit: number,
  action: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = [];
  try {
    for await (const item of items) {
      const result = action(item);
      // a failure is told when its turn comes; until then it must not count as unhandled
      result.catch(() => {});
      underWay.push(result);
      const first = underWay.length === limit ? underWay.shift() : undefined;
      if (first !== undefined) yield await first;
    }
    for (let first = underWay.shift(); first !== undefined; first = underWay.shift()) yield await first;
  } finally {
    await Promise.allSettled(underWay);
  }
}
