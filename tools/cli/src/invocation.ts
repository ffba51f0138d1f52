import path from 'node:path';
import { Workspace } from '@edgewright/workspace';
import type { SimulatorClient } from '@edgewright/workspace';
import type { CliContext } from './cli-context.ts';
import { CliError } from './cli-error.ts';
import { registryCredentials } from './registry-credentials.ts';
import { Terminal } from './terminal.ts';

/** Names the model registry where `--model-registry` does not. */
const MODEL_REGISTRY = 'EDGEWRIGHT_MODEL_REGISTRY';

/** One run of the command: its context, the common flags, and the workspace once a verb needs it. */
export class Invocation {
  readonly context: CliContext;
  readonly terminal: Terminal;
  verbose = false;
  exitCode = 0;
  #workspaceDirectory = '.edgewright';
  #modelRegistry: string | undefined;

  constructor(context: CliContext) {
    this.context = context;
    this.terminal = new Terminal(context);
    // before the flags are parsed, a failure of parsing must already know where to go
    const { argv } = context;
    if (argv.includes('--output=json') || argv[argv.indexOf('--output') + 1] === 'json') this.terminal.format = 'json';
  }

  /** Takes over the common flags of the verb that runs. */
  adopt(flags: Readonly<Record<string, unknown>>): void {
    const format = flags['output'] ?? 'table';
    if (format !== 'table' && format !== 'json') {
      throw new CliError('UsageInvalid', `--output is ${JSON.stringify(format)}: expected table or json`);
    }
    this.terminal.format = format;
    this.terminal.quiet = flags['quiet'] === true;
    this.verbose = flags['verbose'] === true;
    if (typeof flags['workspace'] === 'string') this.#workspaceDirectory = flags['workspace'];
    const place = flags['modelRegistry'] ?? this.context.environment[MODEL_REGISTRY];
    if (typeof place === 'string' && place !== '')
      this.#modelRegistry = place.includes('://') ? place : this.path(place);
  }

  /** A path as the user wrote it, made absolute. */
  path(text: string): string {
    return path.resolve(this.context.currentDirectory, text);
  }

  /** What looks like the path of a model is resolved where the user stands; a name, or a name with a version, stays one. */
  modelPathOrName(text: string): string {
    return !text.includes(':') && /[\\/.]/.test(text) ? this.path(text) : text;
  }

  /** Opens the workspace for one action and closes it afterwards. */
  async withWorkspace<Result>(action: (workspace: Workspace) => Promise<Result>): Promise<Result> {
    await using workspace = await Workspace.open(this.path(this.#workspaceDirectory), {
      events: this.terminal.events,
      ...(this.#modelRegistry === undefined ? {} : { modelRegistry: this.#modelRegistry }),
      containerRegistry: registryCredentials(this.context.environment),
    });
    return await action(workspace);
  }

  /** Finds the simulator that runs with a state folder (default: the workspace's own) for one action. */
  async withSimulator<Result>(
    state: string | undefined,
    action: (simulator: SimulatorClient) => Promise<Result>,
  ): Promise<Result> {
    return await this.withWorkspace(async (workspace) =>
      action(await workspace.simulator.connect({ state: state === undefined ? undefined : this.path(state) })),
    );
  }
}
