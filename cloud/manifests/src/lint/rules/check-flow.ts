import { messageSource, scorerEndpoints } from '@edgewright/contract';
import type { CompiledRoute } from '@edgewright/contract';
import { childRecord, recordOf } from '../../json-record.ts';
import type { JsonRecord } from '../../json-record.ts';
import { scopeOfSource } from '../../route-source.ts';
import type { JsonSteps } from '../json-path.ts';
import type { LintRoute, LintSubject, Observation } from '../lint-subject.ts';

/** edgeHub's priority of routes without one. */
const DEFAULT_PRIORITY = 2_000_000_000;

interface FlowRoute extends LintRoute {
  readonly compiled: CompiledRoute;
}

/** Routes together: outputs that nobody takes, circles, messages that arrive twice, settings without effect. */
export function checkFlow(subject: LintSubject): Observation[] {
  const routes = subject.routes.filter((route): route is FlowRoute => route.compiled !== undefined);
  const complete = routes.length === subject.routes.length;
  return [
    ...(complete && !subject.layered ? untakenOutputs(subject, routes) : []),
    ...circles(routes),
    ...routes.flatMap((route) => withoutEffect(route, routes)),
    ...twiceTo(routes),
  ];
}

/** Of the scorer it is known what it sends: to the outputs that its twin names, and errors to `amlError`. */
function untakenOutputs({ modules, twins }: LintSubject, routes: readonly FlowRoute[]): Observation[] {
  return modules.flatMap(({ name, at }) => {
    const isScorer = routes.some(
      ({ compiled: { sink } }) =>
        sink.kind === 'module' && sink.module === name && sink.input === scorerEndpoints.input,
    );
    if (!isScorer) return [];
    const mapping = childRecord(twins.find(({ module }) => module === name)?.desired, 'mapping');
    return scorerOutputs(mapping)
      .filter(
        (output) => !routes.some(({ compiled }) => compiled.matchesSource(messageSource.moduleOutput(name, output))),
      )
      .map((output) => ({ code: 'EW2004', at, message: `no route takes the output "${output}" of ${name}` }));
  });
}

function scorerOutputs(mapping: JsonRecord | undefined): string[] {
  const own = outputsOf(mapping);
  const inputs = Object.values(childRecord(mapping, 'inputs') ?? {}).map((input) => outputsOf(recordOf(input)));
  const results = own.results.length > 0 ? own.results : [scorerEndpoints.output];
  const errors = [own.error ?? scorerEndpoints.error];
  return [
    ...new Set([
      ...results,
      ...errors,
      ...inputs.flatMap(({ results, error }) => [...results, ...(error === undefined ? [] : [error])]),
    ]),
  ];
}

function outputsOf(mapping: JsonRecord | undefined): { results: string[]; error?: string } {
  const results = Array.isArray(mapping?.['outputs'])
    ? mapping['outputs'].filter((name) => typeof name === 'string')
    : [];
  const error = mapping?.['error'];
  return { results, ...(typeof error === 'string' ? { error } : {}) };
}

/** A route from module to module; one without a beginning takes the messages of every module. */
interface Edge {
  readonly route: FlowRoute;
  readonly from?: string;
  readonly to: string;
}

/** Only routes without a condition that take all outputs: with others, the circle may be what is meant. */
function circles(routes: readonly FlowRoute[]): Observation[] {
  const edges = routes.flatMap((route): Edge[] => {
    const { sink, condition } = route.compiled;
    const scope = scopeOfSource(route.compiled);
    if (sink.kind !== 'module' || condition !== undefined) return [];
    if (scope.kind === 'everything') return [{ route, to: sink.module }];
    return scope.kind === 'module' && scope.output === undefined
      ? [{ route, from: scope.module, to: sink.module }]
      : [];
  });
  const found: Observation[] = [];
  for (const { route, from, to } of edges) {
    const at: JsonSteps = route.textAt;
    if (from === undefined) {
      found.push({ code: 'EW2005', at, message: `${to} gets all messages, its own too` });
      continue;
    }
    const way = wayBack(to, from, edges);
    if (way !== undefined && isSmallest(from, way)) {
      found.push({ code: 'EW2005', at, message: `messages may go ${[from, ...way].join(' → ')}` });
    }
  }
  return found;
}

/** The shortest way from a module to another, both included. */
function wayBack(start: string, goal: string, edges: readonly Edge[]): string[] | undefined {
  const same = (a: string | undefined, b: string) => a?.toLowerCase() === b.toLowerCase();
  const seen = new Set([start.toLowerCase()]);
  const ways = [[start]];
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const last = way.at(-1) ?? '';
    if (same(last, goal)) return way;
    for (const { from, to } of edges) {
      if (!same(from, last) || seen.has(to.toLowerCase())) continue;
      seen.add(to.toLowerCase());
      ways.push([...way, to]);
    }
  }
  return undefined;
}

/** A circle is found from each of its modules; it is told once, from the first by name. */
function isSmallest(from: string, way: readonly string[]): boolean {
  return way.every((name) => from.toLowerCase() <= name.toLowerCase());
}

/** Priority or time to live of a route whose messages another route takes to the same endpoint first. */
function withoutEffect(route: FlowRoute, routes: readonly FlowRoute[]): Observation[] {
  const priority = route.priority ?? DEFAULT_PRIORITY;
  const winner = routes.find(
    (other) =>
      other !== route &&
      other.compiled.condition === undefined &&
      sinkText(other) === sinkText(route) &&
      other.compiled.matchesSource(prefixOf(route)) &&
      (other.priority ?? DEFAULT_PRIORITY) < priority,
  );
  if (winner === undefined || (route.priority === undefined && route.timeToLiveSecs === undefined)) return [];
  const what = route.priority === undefined ? 'the time to live' : 'the priority';
  const message = `${what} of ${route.name} counts for nothing: ${winner.name} takes the same messages to ${sinkText(route)} with priority ${winner.priority ?? 'none'}`;
  return [{ code: 'EW2006', at: route.at, message }];
}

function twiceTo(routes: readonly FlowRoute[]): Observation[] {
  return routes.flatMap((route, index) => {
    const { sink, condition } = route.compiled;
    if (sink.kind !== 'module' || condition !== undefined) return [];
    const other = routes
      .slice(0, index)
      .find(
        ({ compiled }) =>
          compiled.sink.kind === 'module' &&
          compiled.sink.module === sink.module &&
          compiled.sink.input !== sink.input &&
          compiled.condition === undefined &&
          (compiled.matchesSource(prefixOf(route)) || route.compiled.matchesSource(prefixOf({ compiled }))),
      );
    if (other === undefined) return [];
    const message = `${other.name} and ${route.name} both take messages of ${route.compiled.source} to ${sink.module}`;
    return [{ code: 'EW2007', at: route.textAt, message }];
  });
}

function sinkText({ compiled: { sink } }: FlowRoute): string {
  return sink.kind === 'upstream' ? '$upstream' : `${sink.module}/${sink.input}`;
}

/** The source as a message's source would be, to see whether another route covers it. */
function prefixOf({ compiled }: Pick<FlowRoute, 'compiled'>): string {
  return compiled.source.replace(/\/\*$/, '');
}
