import type { Command } from 'commander';
import type { Invocation } from '../invocation.ts';
import { defineManifestBuild } from './manifest-build.ts';
import { defineManifestLint } from './manifest-lint.ts';
import { defineManifestNew } from './manifest-new.ts';
import { defineManifestExplain, defineManifestGraph } from './manifest-show.ts';

/** `edgewright manifest new|build|lint|explain|graph`. */
export function defineManifest(program: Command, invocation: Invocation): void {
  const group = program.command('manifest').description('make, check, explain and draw deployment manifests');
  defineManifestNew(group, invocation);
  defineManifestBuild(group, invocation);
  defineManifestLint(group, invocation);
  defineManifestExplain(group, invocation);
  defineManifestGraph(group, invocation);
}
