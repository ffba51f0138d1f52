import type { Command } from 'commander';
import { backends, parseBackendChoice, platforms } from '@edgewright/contract';
import type { BackendChoice, InferenceConfig, Platform } from '@edgewright/contract';
import { listOf, oneOf } from './flag-values.ts';

/** Flags that override keys of the inference configuration, with Azure's names where Azure has them. */
export interface BuildFlags {
  readonly inferenceConfigFile?: string;
  readonly entryScript?: string;
  readonly sourceDirectory?: string;
  readonly dependencies?: string;
  readonly baseImage?: string;
  readonly nodeRuntime?: InferenceConfig['nodeRuntime'];
  readonly extraDockerfileSteps?: string;
  readonly enableGpu?: boolean;
  readonly cudaVersion?: string;
  readonly backend?: BackendChoice;
  readonly platforms?: Platform[];
  readonly compression?: InferenceConfig['compression'];
  readonly description?: string;
}

/** Adds the flags of whatever builds an image. */
export function addBuildFlags(verb: Command): Command {
  return verb
    .option('--ic, --inference-config-file <file>', 'the inference configuration, JSON or YAML')
    .option('--es, --entry-script <file>', 'overrides entryScript')
    .option('--sd, --source-directory <dir>', 'overrides sourceDirectory')
    .option('--dependencies <file>', 'overrides dependencies: a package.json with its package-lock.json')
    .option(
      '--bi, --base-image <ref>',
      'overrides baseImage: scratch, REGISTRY/REPOSITORY:TAG, oci:PATH[:TAG] or docker-archive:PATH',
    )
    .option(
      '--node-runtime <where>',
      'overrides nodeRuntime: base or bundled',
      oneOf('--node-runtime', ['base', 'bundled']),
    )
    .option('--ed, --extra-dockerfile-steps <file>', 'overrides extraDockerfileSteps; needs a Docker Engine')
    .option('--eg, --enable-gpu', 'overrides enableGpu')
    .option('--cv, --cuda-version <version>', 'overrides cudaVersion')
    .option('--backend <name>', `overrides backend: ${backends.join(', ')}, or several with commas`, (text) =>
      parseBackendChoice(text, '--backend'),
    )
    .option(
      '--platforms <list>',
      `overrides platforms: some of ${platforms.join(',')}`,
      listOf('--platforms', platforms),
    )
    .option('--compression <name>', 'overrides compression: gzip or zstd', oneOf('--compression', ['gzip', 'zstd']))
    .option('-d, --description <text>', 'overrides description');
}

/** The keys that flags override. */
export function overridesOf(flags: BuildFlags): Partial<InferenceConfig> {
  const { inferenceConfigFile: _, ...overrides } = flags;
  const keys = [
    'entryScript',
    'sourceDirectory',
    'dependencies',
    'baseImage',
    'nodeRuntime',
    'extraDockerfileSteps',
    'enableGpu',
    'cudaVersion',
    'backend',
    'platforms',
    'compression',
    'description',
  ] as const satisfies readonly (keyof typeof overrides)[];
  return Object.fromEntries(keys.flatMap((key) => (flags[key] === undefined ? [] : [[key, flags[key]]])));
}
