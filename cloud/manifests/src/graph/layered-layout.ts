import type { ManifestGraph } from './manifest-graph.ts';

/** Columns of node ids from left to right, each from top to bottom. */
export type LayeredLayout = readonly (readonly string[])[];

/** How often rows are brought nearer to their neighbours; more changes nothing in drawings of fifty modules. */
const SWEEPS = 4;

/**
 * Puts each node into a column right of those that send to it, as far as circles allow, and orders columns so that few lines
 * cross (Sugiyama's method: longest path, then medians of neighbours).
 */
export function layeredLayout({ nodes, edges }: ManifestGraph): LayeredLayout {
  const columns = new Map(nodes.map(({ id }) => [id, 0]));
  const forward = withoutCircles({ nodes, edges });
  for (let round = 0; round < nodes.length; round += 1) {
    let moved = false;
    for (const { from, to } of forward) {
      const wanted = (columns.get(from) ?? 0) + 1;
      if ((columns.get(to) ?? 0) >= wanted) continue;
      columns.set(to, wanted);
      moved = true;
    }
    if (!moved) break;
  }
  // IoT Hub stands behind everything
  const last = Math.max(0, ...columns.values());
  for (const { id, kind } of nodes) if (kind === 'upstream') columns.set(id, Math.max(1, last));
  const count = Math.max(0, ...columns.values()) + 1;
  let layout = Array.from({ length: count }, (_, column) =>
    nodes.filter(({ id }) => columns.get(id) === column).map(({ id }) => id),
  );
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) layout = reordered(layout, edges);
  return layout.filter((column) => column.length > 0);
}

type Edge = Readonly<{ from: string; to: string }>;

/** Edges without those that lead back into a way that is being walked. */
function withoutCircles({ nodes, edges }: Pick<ManifestGraph, 'nodes' | 'edges'>): Edge[] {
  const state = new Map<string, 'open' | 'done'>();
  const kept: Edge[] = [];
  const outgoing = Map.groupBy(edges, ({ from }) => from);
  for (const { id } of nodes) {
    const stack = state.has(id) ? [] : [{ id, next: 0 }];
    if (stack.length > 0) state.set(id, 'open');
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const edge = outgoing.get(top.id)?.[top.next];
      top.next += 1;
      if (edge === undefined) {
        state.set(top.id, 'done');
        stack.pop();
      } else if (state.get(edge.to) !== 'open') {
        kept.push(edge);
        if (!state.has(edge.to)) {
          state.set(edge.to, 'open');
          stack.push({ id: edge.to, next: 0 });
        }
      }
    }
  }
  return kept;
}

function reordered(layout: readonly (readonly string[])[], edges: readonly Edge[]): string[][] {
  const rows = new Map(layout.flatMap((column) => column.map((id, row) => [id, row - column.length / 2] as const)));
  const neighbours = new Map<string, number[]>();
  for (const { from, to } of edges) {
    if (from === to) continue;
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      neighbours.set(one, [...(neighbours.get(one) ?? []), rows.get(other) ?? 0]);
    }
  }
  const mean = (id: string): number => {
    const around = neighbours.get(id);
    return around === undefined ? (rows.get(id) ?? 0) : around.reduce((sum, row) => sum + row, 0) / around.length;
  };
  return layout.map((column) => column.toSorted((a, b) => mean(a) - mean(b)));
}
