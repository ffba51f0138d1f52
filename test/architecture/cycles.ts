/**
 * The cycles of a directed graph: one per strongly connected component of more than one node (or with an edge to itself),
 * each as the path round it, first node repeated at the end (Tarjan 1972).
 */
export function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  return componentsOf(graph)
    .filter((component) => component.length > 1 || (graph.get(component[0] ?? '') ?? []).includes(component[0] ?? ''))
    .map((component) => roundTrip(graph, component));
}

function componentsOf(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const components: string[][] = [];
  const walk = (node: string): number => {
    const index = order.size;
    order.set(node, index);
    low.set(node, index);
    open.push(node);
    for (const next of graph.get(node) ?? []) {
      const reached = order.has(next) ? (open.includes(next) ? order.get(next) : undefined) : walk(next);
      if (reached !== undefined) low.set(node, Math.min(low.get(node) ?? index, reached));
    }
    if (low.get(node) === index) components.push(open.splice(open.indexOf(node)));
    return low.get(node) ?? index;
  };
  for (const node of graph.keys()) if (!order.has(node)) walk(node);
  return components;
}

/** The shortest way from a component's first node back to itself. */
function roundTrip(graph: ReadonlyMap<string, readonly string[]>, component: readonly string[]): string[] {
  const start = component[0] ?? '';
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    for (const next of graph.get(node) ?? []) {
      if (next === start) {
        const way = [start];
        for (let at: string | undefined = node; at !== undefined; at = cameFrom.get(at)) way.unshift(at);
        return way;
      }
      if (component.includes(next) && !cameFrom.has(next)) {
        cameFrom.set(next, node);
        queue.push(next);
      }
    }
  }
  return [...component];
}
