import { Command, CommanderError } from 'commander';
import type { CliContext } from './cli-context.ts';
import { CliError } from './cli-error.ts';
import { Invocation } from './invocation.ts';
import { reportFailure } from './report-failure.ts';
import { defineBatch } from './verbs/batch.ts';
import { defineDoctor } from './verbs/doctor.ts';
import { defineComputeTarget } from './verbs/computetarget.ts';
import { defineEdge } from './verbs/edge.ts';
import { defineEndpoint } from './verbs/endpoint.ts';
import { defineImage } from './verbs/image.ts';
import { defineKey } from './verbs/key.ts';
import { defineManifest } from './verbs/manifest.ts';
import { defineModelDeploy } from './verbs/model-deploy.ts';
import { defineModelProfile } from './verbs/model-profile.ts';
import { defineModel } from './verbs/model.ts';
import { defineMonitor } from './verbs/monitor.ts';
import { defineRollout } from './verbs/rollout.ts';
import { defineRoute } from './verbs/route.ts';
import { defineServe } from './verbs/serve.ts';
import { defineService } from './verbs/service.ts';
import { defineSim } from './verbs/sim.ts';
import { defineTune } from './verbs/tune.ts';

const groups = [
  defineModel,
  defineModelDeploy,
  defineModelProfile,
  defineService,
  defineBatch,
  defineEndpoint,
  defineComputeTarget,
  defineImage,
  defineKey,
  defineManifest,
  defineEdge,
  defineRollout,
  defineMonitor,
  defineSim,
  defineRoute,
  defineServe,
  defineTune,
  defineDoctor,
];

const MODEL_REGISTRY_HELP =
  "where models are registered: a folder, azblob://ACCOUNT/CONTAINER or oci://HOST/REPOSITORY (default: the workspace's own)";

/**
 * The `edgewright` command: arguments in, results and events rendered, exit code out. It holds no logic of its own.
 *
 * @returns 0 done, 1 failed, 2 the user's input is wrong, 130 interrupted
 */
export async function runCli(context: CliContext): Promise<number> {
  const invocation = new Invocation(context);
  const program = defineProgram(invocation);
  try {
    await program.parseAsync(spelledOut(context.argv), { from: 'user' });
    return invocation.exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      if (thrown.exitCode === 0) return 0;
      return reportFailure(usageError(thrown), invocation.terminal, false);
    }
    if (context.signal.aborted && !invocation.terminal.hasResult) {
      invocation.terminal.fail('interrupted');
      return 130;
    }
    return reportFailure(thrown, invocation.terminal, invocation.verbose);
  }
}

/** iotedgehubdev has a flag of one dash and two letters, `start -er 1.2`, which would be read as `-e r`. */
function spelledOut(argv: readonly string[]): string[] {
  const isStart = argv.includes('sim') && argv.includes('start');
  return argv.map((word) => (isStart && word === '-er' ? '--edge-runtime-version' : word));
}

function defineProgram(invocation: Invocation): Command {
  const program = new Command('edgewright')
    .description('Takes a trained model and makes it score anywhere: on IoT Edge devices, behind REST, in batches.')
    .option('--workspace <dir>', 'folder that holds models, images and simulators', '.edgewright')
    .option('--model-registry <place>', MODEL_REGISTRY_HELP)
    .option('--output <format>', 'table for people; json prints one JSON document on stdout', 'table')
    .option('--quiet', 'no progress, only results and failures')
    .option('--verbose', 'stack traces of failures')
    .helpCommand(false)
    .showHelpAfterError(false)
    .addHelpText(
      'after',
      '\nStart here:\n  $ edgewright model register -n diabetes -p diabetes.onnx\n  $ edgewright image build --help',
    );
  for (const define of groups) define(program, invocation);
  prepare(program, invocation, []);
  return program;
}

/** Gives every verb the common behaviour: common flags anywhere on the line, errors thrown instead of exiting. */
function prepare(command: Command, invocation: Invocation, path: readonly string[]): void {
  const name = [...path, command.name()];
  command
    .exitOverride()
    .configureOutput({
      writeOut: (text) => invocation.context.stdout.write(text),
      writeErr: () => {}, // the failure is reported once, in runCli
    })
    .hook('preAction', (_, action) => invocation.adopt(action.optsWithGlobals()));
  if (command.commands.length > 0 && path.length > 0) {
    // a group without a verb is a mistake, not a request for nothing
    command.action(() => {
      throw new CliError(
        'UsageInvalid',
        `"${name.join(' ')}" needs a verb: ${command.commands.map((verb) => verb.name()).join(', ')}`,
      );
    });
  }
  for (const verb of command.commands) {
    verb.helpOption('--help', 'show this help');
    prepare(verb, invocation, name);
  }
  if (command.commands.length === 0) addCommonFlags(command);
}

/** The common flags are accepted after the verb too, where people write them. */
function addCommonFlags(verb: Command): void {
  verb
    .option('--workspace <dir>', 'folder that holds models, images and simulators (default: .edgewright)')
    .option('--model-registry <place>', MODEL_REGISTRY_HELP)
    .option('--output <format>', 'table (default) or json')
    .option('--quiet', 'no progress, only results and failures')
    .option('--verbose', 'stack traces of failures');
}

function usageError(error: CommanderError): CliError {
  const text = error.message.replace(/^error: /, '');
  return new CliError('UsageInvalid', text === '(outputHelp)' || text === '' ? 'a verb is missing' : text, {
    details: { reason: error.code },
  });
}
