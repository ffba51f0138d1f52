import { layeredLayout } from './layered-layout.ts';
import type { GraphNode, ManifestGraph } from './manifest-graph.ts';

const NODE_WIDTH = 200;
const NODE_HEIGHT = 52;
const COLUMN_GAP = 190;
const ROW_GAP = 36;
const MARGIN = 24;
/** About the width of a character of 11 px. */
const CHARACTER_WIDTH = 6.2;
const MAX_NOTE = Math.floor((NODE_WIDTH - 16) / CHARACTER_WIDTH);

interface Box {
  readonly x: number;
  readonly y: number;
}

const FILLS: Readonly<Record<GraphNode['kind'], string>> = {
  module: '#e8f0fe',
  foreign: '#f4f4f4',
  upstream: '#dff5e6',
  everything: '#fff6dd',
  twinChanges: '#fff6dd',
};

const STYLE =
  'text{font:11px system-ui,sans-serif;fill:#222}.title{font-weight:600;font-size:13px}.note,.label{fill:#555}' +
  '.label{paint-order:stroke;stroke:#fff;stroke-width:3px}rect{stroke:#666}path{fill:none;stroke:#667}';

/** A graph as an SVG document of its own: modules from left to right, as messages flow. */
export function graphSvg(graph: ManifestGraph): string {
  const layout = layeredLayout(graph);
  const tallest = Math.max(1, ...layout.map((column) => column.length));
  const height = 2 * MARGIN + tallest * (NODE_HEIGHT + ROW_GAP) + ROW_GAP;
  const width = 2 * MARGIN + Math.max(1, layout.length) * NODE_WIDTH + Math.max(0, layout.length - 1) * COLUMN_GAP;
  const boxes = new Map<string, Box>();
  for (const [column, ids] of layout.entries()) {
    const top = (height - ids.length * (NODE_HEIGHT + ROW_GAP) + ROW_GAP) / 2;
    for (const [row, id] of ids.entries()) {
      boxes.set(id, { x: MARGIN + column * (NODE_WIDTH + COLUMN_GAP), y: top + row * (NODE_HEIGHT + ROW_GAP) });
    }
  }
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>Modules and routes</title><style>${STYLE}</style>`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" style="fill:#667;stroke:none"/></marker></defs>',
    `<rect width="${width}" height="${height}" style="fill:#fff;stroke:none"/>`,
    ...edgeParts(graph, boxes),
    ...graph.nodes.map((node) => nodePart(node, boxes.get(node.id) ?? { x: 0, y: 0 })),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

function nodePart({ kind, title, note }: GraphNode, { x, y }: Box): string {
  const dashed = kind === 'foreign' ? ' stroke-dasharray="4 3"' : '';
  const radius = kind === 'upstream' ? NODE_HEIGHT / 2 : 6;
  const shown = note.length > MAX_NOTE ? `…${note.slice(1 - MAX_NOTE)}` : note;
  const middle = x + NODE_WIDTH / 2;
  return (
    `<g><title>${escaped(`${title} ${note}`)}</title>` +
    `<rect x="${x}" y="${y}" width="${NODE_WIDTH}" height="${NODE_HEIGHT}" rx="${radius}" fill="${FILLS[kind]}"${dashed}/>` +
    `<text class="title" x="${middle}" y="${y + 22}" text-anchor="middle">${escaped(title)}</text>` +
    `<text class="note" x="${middle}" y="${y + 39}" text-anchor="middle">${escaped(shown)}</text></g>`
  );
}

/** Lines leave and arrive at places of their own, so that two routes between two modules do not lie on each other. */
function edgeParts({ edges }: ManifestGraph, boxes: ReadonlyMap<string, Box>): string[] {
  const leaving = Map.groupBy(edges, ({ from }) => from);
  const arriving = Map.groupBy(edges, ({ to }) => to);
  return edges.map((edge) => {
    const { x, y } = boxes.get(edge.from) ?? { x: 0, y: 0 };
    const target = boxes.get(edge.to) ?? { x: 0, y: 0 };
    const start = { x: x + NODE_WIDTH, y: y + placeOf(edge, leaving.get(edge.from)) };
    const end = { x: target.x, y: target.y + placeOf(edge, arriving.get(edge.to)) };
    const isBack = end.x <= start.x;
    const bend = isBack ? COLUMN_GAP / 2 : (end.x - start.x) / 2;
    const low = isBack ? Math.max(start.y, end.y) + NODE_HEIGHT : undefined;
    const path =
      low === undefined
        ? `M${start.x} ${start.y}C${start.x + bend} ${start.y} ${end.x - bend} ${end.y} ${end.x} ${end.y}`
        : `M${start.x} ${start.y}C${start.x + bend} ${low} ${end.x - bend} ${low} ${end.x} ${end.y}`;
    const label = { x: (start.x + end.x) / 2, y: (low ?? (start.y + end.y) / 2) - 4 };
    return (
      `<g><title>${escaped(`${edge.route}: ${edge.label}`)}</title><path d="${path}" marker-end="url(#tip)"/>` +
      `<text class="label" x="${label.x}" y="${label.y}" text-anchor="middle">${escaped(fitting(edge.label))}</text></g>`
    );
  });
}

function placeOf<Item>(item: Item, all: readonly Item[] = []): number {
  return (NODE_HEIGHT * (all.indexOf(item) + 1)) / (all.length + 1);
}

function fitting(label: string): string {
  const most = Math.floor((COLUMN_GAP - 10) / CHARACTER_WIDTH);
  return label.length > most ? `${label.slice(0, most - 1)}…` : label;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll(/\p{Cc}/gu, ' ');
}
