import type { GraphNode, ManifestGraph } from './manifest-graph.ts';

/** A graph as Mermaid, for Markdown: paste it between "```mermaid" and "```". */
export function mermaidText({ nodes, edges }: ManifestGraph): string {
  const ids = new Map(nodes.map(({ id }, index) => [id, `n${index}`]));
  const lines = [
    'flowchart LR',
    ...nodes.map((node) => `  ${ids.get(node.id) ?? ''}${shape(node)}`),
    ...edges.map(({ from, to, label }) => `  ${ids.get(from) ?? ''} -->|"${quoted(label)}"| ${ids.get(to) ?? ''}`),
  ];
  return `${lines.join('\n')}\n`;
}

function shape({ kind, title, note }: GraphNode): string {
  const text = `"${quoted(title)}${note === '' ? '' : `<br/><small>${quoted(note)}</small>`}"`;
  if (kind === 'module') return `[${text}]`;
  return kind === 'upstream' ? `([${text}])` : `>${text}]`;
}

/** Entities in place of what Mermaid or HTML would read as their own. */
function quoted(text: string): string {
  return text.replaceAll(/["<>&#]/g, (sign) => `#${sign.charCodeAt(0)};`);
}
