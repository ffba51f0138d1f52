import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ImageConfig } from './image-layout.ts';
import { unusable } from './image-layout.ts';
import type { ModuleSpec } from './module-spec.ts';

/** A process that stands for a container. */
export interface ProcessCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface ProcessCommandOptions {
  readonly spec: ModuleSpec;
  readonly image: ImageConfig;
  /** Where the image is unpacked. */
  readonly rootDirectory: string;
  /** The Node.js that stands for `node`. */
  readonly nodePath: string;
  /** What every process gets from this machine, PATH for instance. */
  readonly hostEnvironment: Readonly<Record<string, string>>;
  /** What edgeAgent gives a module; goes before everything else. */
  readonly edgeEnvironment: Readonly<Record<string, string>>;
}

/**
 * Says how to start a module's image as a process: what Docker would run in the container, with paths of the image put
 * where the image is unpacked. A value of a variable, or an argument, that is such a path is taken for one.
 *
 * @throws SimulatorError `ModuleImageUnusable` when the image does not say what to run
 */
export function processCommand(options: ProcessCommandOptions): ProcessCommand {
  const { spec, image, rootDirectory, nodePath, hostEnvironment, edgeEnvironment } = options;
  const { createOptions } = spec;
  // as Docker has it: another entry point drops the image's command too
  const own = typeof createOptions.Entrypoint === 'string' ? [createOptions.Entrypoint] : createOptions.Entrypoint;
  const entrypoint = own ?? image.Entrypoint ?? [];
  const command = createOptions.Cmd ?? (own === undefined || own === null ? (image.Cmd ?? []) : []);
  const [program, ...args] = [...entrypoint, ...command];
  if (program === undefined) {
    throw unusable(`"${spec.image}" has neither an entry point nor a command`, {
      image: spec.image,
      module: spec.name,
    });
  }
  const imageEnvironment = { ...variablesOf(image.Env ?? []), ...variablesOf(createOptions.Env ?? []), ...spec.env };
  const mapped = Object.entries(imageEnvironment).map(
    ([name, value]) => [name, mapValue(value, rootDirectory)] as const,
  );
  const searchPath = [hostEnvironment['PATH'], Object.fromEntries(mapped)['PATH']].filter((part) => part !== undefined);
  return {
    file: path.posix.basename(program) === 'node' ? nodePath : (inRoot(program, rootDirectory) ?? program),
    args: args.map((argument) => inRoot(argument, rootDirectory) ?? argument),
    workingDirectory: workingDirectory(createOptions.WorkingDir ?? image.WorkingDir ?? '/', rootDirectory),
    environment: {
      ...hostEnvironment,
      ...portOf(spec),
      ...Object.fromEntries(mapped),
      PATH: searchPath.join(path.delimiter),
      ...edgeEnvironment,
    },
  };
}

/** Variables that are written as `NAME=VALUE`. */
export function variablesOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const end = pair.indexOf('=');
      return end < 0 ? [pair, ''] : [pair.slice(0, end), pair.slice(end + 1)];
    }),
  );
}

/** A value may be several paths with colons between them. */
function mapValue(value: string, rootDirectory: string): string {
  if (!value.includes('/') || value.includes('://')) return value;
  return value
    .split(':')
    .map((part) => inRoot(part, rootDirectory) ?? part)
    .join(':');
}

/** The place on this machine of an absolute path of the image; undefined when there is nothing there. */
function inRoot(file: string, rootDirectory: string): string | undefined {
  if (!file.startsWith('/')) return undefined;
  const inside = path.posix.normalize(file);
  if (inside === '/') return undefined;
  const place = path.join(rootDirectory, inside);
  return existsSync(place) ? place : undefined;
}

function workingDirectory(folder: string, rootDirectory: string): string {
  return inRoot(path.posix.join('/', folder), rootDirectory) ?? rootDirectory;
}

/**
 * A process shares this machine's ports with all others. Modules that take theirs from PORT get the one that their port
 * binding asks for, or any free one; and they listen on loopback only.
 */
export function portOf({ createOptions }: Pick<ModuleSpec, 'createOptions'>): Record<string, string> {
  const bindings = Object.values(createOptions.HostConfig?.PortBindings ?? {});
  const ports = bindings.flatMap((hosts) => hosts ?? []).map(({ HostPort }) => HostPort ?? '');
  return { EDGEWRIGHT_HTTP_HOST: '127.0.0.1', PORT: ports.length === 1 && ports[0] !== '' ? (ports[0] ?? '0') : '0' };
}
