import { once } from 'node:events';
import type { Command } from 'commander';
import { backends, parseBackendChoice, parseExecutionProviders } from '@edgewright/contract';
import type { BackendChoice, ExecutionProvider } from '@edgewright/contract';
import type { ModelServer } from '@edgewright/workspace';
import { port } from '../flag-values.ts';
import type { Invocation } from '../invocation.ts';

interface ServeFlags {
  readonly inferenceConfigFile?: string;
  readonly host: string;
  readonly port: number;
  readonly grpcPort?: number;
  readonly page: boolean;
  readonly backend?: BackendChoice;
  readonly executionProviders?: ExecutionProvider[];
  readonly logLevel: string;
  readonly collect?: string;
}

const EXAMPLE = `
Example:
  $ edgewright serve diabetes.onnx
  $ curl -s localhost:5001/score -H 'content-type: application/json' -d '{"data": [[1,2,3,4,5,6,7,8,9,10]]}'`;

/** `edgewright serve MODEL`. */
export function defineServe(program: Command, invocation: Invocation): void {
  program
    .command('serve')
    .description('serve a model on this machine: POST /score, and at / health for probes and a page for browsers')
    .argument(
      '<model>',
      'a model file (.onnx, model.json, saved_model.pb, .remote.json), or a registered model as NAME or NAME:VERSION',
    )
    .option(
      '--ic, --inference-config-file <file>',
      'the inference configuration: its entry script, backend, images, batching and warm-up',
    )
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('-p, --port <n>', 'the port; 0 for any free one', port('--port'), 5001)
    .option(
      '--grpc-port <n>',
      'serve the Open Inference Protocol over gRPC too, on this port; 0 for any free one',
      port('--grpc-port'),
    )
    .option(
      '--backend <name>',
      `what runs the model: ${backends.join(', ')}; with commas, the first of several that can run`,
      (text) => parseBackendChoice(text, '--backend'),
    )
    .option(
      '--execution-providers <list>',
      'of ONNX Runtime, for the backend onnx: names with commas (cuda,cpu), or a JSON array with their options',
      (text) => parseExecutionProviders(text, '--execution-providers'),
    )
    .option('--no-page', 'answer browsers at / with Healthy, instead of a page to try the model with')
    .option('--collect <folder>', 'keep inputs and predictions of requests in this folder, as CSV')
    .option('--log-level <level>', 'log of requests on stderr: silent, error, warn, info or debug', 'warn')
    .addHelpText('after', EXAMPLE)
    .action(async (model: string, flags: ServeFlags) => {
      await invocation.withWorkspace(async (workspace) => {
        await using server = await workspace.serve({
          model: invocation.modelPathOrName(model),
          host: flags.host,
          port: flags.port,
          grpcPort: flags.grpcPort,
          page: flags.page,
          backend: flags.backend,
          executionProviders: flags.executionProviders,
          logLevel: flags.logLevel,
          collect: flags.collect === undefined ? undefined : invocation.path(flags.collect),
          log: (line) => invocation.terminal.fail(invocation.terminal.format === 'json' ? line : sentenceOf(line)),
          inferenceConfig:
            flags.inferenceConfigFile === undefined ? undefined : invocation.path(flags.inferenceConfigFile),
          signal: invocation.context.signal,
        });
        invocation.terminal.result(factsOf(server), () => sayServed(model, server));
        const { signal } = invocation.context;
        if (!signal.aborted) await once(signal, 'abort');
      });
    });
}

function factsOf({ url, scoringUri, port, grpcPort, description }: ModelServer): object {
  return { url, scoringUri, port, ...(grpcPort === undefined ? {} : { grpcPort }), description };
}

function sayServed(model: string, { scoringUri, grpcPort }: ModelServer): string {
  const andGrpc = grpcPort === undefined ? '' : ` and gRPC on port ${grpcPort}`;
  return `serving ${model} at ${scoringUri}${andGrpc}; stop with Ctrl-C`;
}

/** A line of the log for people; whoever wants all of it asks for `--output json`. */
function sentenceOf(line: string): string {
  const { level, msg } = JSON.parse(line) as { readonly level?: string; readonly msg?: string };
  return `${level}: ${msg}`;
}
