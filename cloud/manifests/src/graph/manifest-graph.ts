import { readSubject } from '../lint/lint-subject.ts';
import type { LintRoute } from '../lint/lint-subject.ts';
import { scopeOfSource } from '../route-source.ts';

/** What stands in a drawing: a module, IoT Hub, or whatever sends messages. */
export interface GraphNode {
  /** Unique in the graph. */
  readonly id: string;
  readonly kind: 'module' | 'foreign' | 'upstream' | 'everything' | 'twinChanges';
  readonly title: string;
  /** The image; or why the node is there. */
  readonly note: string;
}

/** A route between two nodes. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly route: string;
  /** `amlOutput → amlInput · WHERE …`, as short as can be. */
  readonly label: string;
}

/** Modules and the routes between them, ready to be drawn. */
export interface ManifestGraph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** Names of routes that do not compile, and so are not drawn. */
  readonly omitted: readonly string[];
}

const UPSTREAM = 'upstream $upstream';
const EVERYTHING = 'everything *';
const TWIN_CHANGES = 'twins *';
const MAX_LABEL = 60;

/** Reads modules and routes of a manifest or layer; whatever is wrong with it is lint's business. */
export function manifestGraph(manifest: unknown): ManifestGraph {
  const subject = readSubject(manifest, { source: 'the manifest' });
  const nodes = new Map<string, GraphNode>();
  const edges: GraphEdge[] = [];
  const omitted: string[] = [];
  for (const { name, system, record } of subject.modules) {
    if (system) continue;
    const image = (record['settings'] as { image?: unknown } | undefined)?.image;
    nodes.set(idOf(name), {
      id: idOf(name),
      kind: 'module',
      title: name,
      note: typeof image === 'string' ? image : '',
    });
  }
  const foreign = (name: string): string => {
    const known = [...nodes.values()].find(({ title }) => title.toLowerCase() === name.toLowerCase());
    if (known !== undefined) return known.id;
    nodes.set(idOf(name), { id: idOf(name), kind: 'foreign', title: name, note: 'not in this manifest' });
    return idOf(name);
  };
  for (const route of subject.routes) {
    const edge = edgeOf(route, nodes, foreign);
    if (edge === undefined) omitted.push(route.name);
    else edges.push(edge);
  }
  return { nodes: [...nodes.values()], edges, omitted };
}

function edgeOf(
  route: LintRoute,
  nodes: Map<string, GraphNode>,
  foreign: (name: string) => string,
): GraphEdge | undefined {
  const { compiled, priority } = route;
  if (compiled === undefined) return undefined;
  const scope = scopeOfSource(compiled);
  const special = (node: GraphNode): string => {
    nodes.set(node.id, node);
    return node.id;
  };
  let from: string;
  if (scope.kind === 'module') from = foreign(scope.module);
  else if (scope.kind === 'twinChanges') {
    from = special({ id: TWIN_CHANGES, kind: 'twinChanges', title: 'twin changes', note: 'of devices and modules' });
  } else if (scope.kind === 'everything') {
    from = special({ id: EVERYTHING, kind: 'everything', title: 'everybody', note: compiled.source });
  } else return undefined;
  const { sink } = compiled;
  const to =
    sink.kind === 'module'
      ? foreign(sink.module)
      : special({ id: UPSTREAM, kind: 'upstream', title: '$upstream', note: 'IoT Hub' });
  const output = scope.kind === 'module' ? (scope.output ?? '*') : '*';
  const parts = [
    sink.kind === 'module' ? `${output} → ${sink.input}` : output,
    ...(compiled.condition === undefined ? [] : [`WHERE ${compiled.condition}`]),
    ...(priority === undefined ? [] : [`priority ${priority}`]),
  ];
  return { from, to, route: route.name, label: shortened(parts.join(' · ')) };
}

function idOf(module: string): string {
  return `module ${module}`;
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > MAX_LABEL ? `${line.slice(0, MAX_LABEL - 1)}…` : line;
}
