import type { CompiledRoute } from '@edgewright/contract';

/** What the source of a route takes, seen from the modules. */
export type RouteSourceScope =
  /** Messages of every module, and perhaps of leaf devices and twin changes. */
  | { readonly kind: 'everything' }
  /** Messages of one module, of all its outputs or of one. */
  | { readonly kind: 'module'; readonly module: string; readonly output?: string }
  /** Twin changes only. */
  | { readonly kind: 'twinChanges' }
  /** No message that there is. */
  | { readonly kind: 'nothing'; readonly reason: string };

/** Reads the source of a route, as edgeHub compares it: segment by segment from the left, a `*` only at the end. */
export function scopeOfSource({ source }: Pick<CompiledRoute, 'source'>): RouteSourceScope {
  const segments = source.split('/').slice(1);
  if (segments.at(-1) === '*') segments.pop();
  const star = segments.findIndex((segment) => segment.includes('*'));
  if (star !== -1) {
    const behindName = star === segments.length - 1 && segments[star]?.replace(/\*/g, '') !== '';
    const reason = behindName
      ? `the * behind ${JSON.stringify(segments[star])} counts for nothing`
      : 'a * in the middle stands for itself';
    return { kind: 'nothing', reason };
  }
  const [root, modules, module, outputs, output, ...more] = segments.map((segment) => segment.toLowerCase());
  if (root === undefined) return { kind: 'everything' };
  if (root === 'twinchangenotifications' && modules === undefined) return { kind: 'twinChanges' };
  if (root !== 'messages') return { kind: 'nothing', reason: `no message comes from /${segments[0] ?? ''}` };
  if (modules === undefined) return { kind: 'everything' };
  if (modules !== 'modules') return { kind: 'nothing', reason: `no message comes from /messages/${segments[1] ?? ''}` };
  if (module === undefined) return { kind: 'everything' };
  if ((outputs !== undefined && outputs !== 'outputs') || more.length > 0) {
    return { kind: 'nothing', reason: 'behind the name of a module comes /outputs/NAME, and nothing behind that' };
  }
  const named = { kind: 'module', module: segments[2] ?? '' } as const;
  return output === undefined ? named : { ...named, output: segments[4] ?? '' };
}
