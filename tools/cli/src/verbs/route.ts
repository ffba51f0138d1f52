import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { compileRoute, ContractError, isEdgewrightError, messageOf } from '@edgewright/contract';
import type { CompiledRoute, RouteMessage } from '@edgewright/contract';
import { CliError } from '../cli-error.ts';
import type { Invocation } from '../invocation.ts';

/** A line longer than this is no message: edgeHub takes 256 KB. */
const MAX_LINE_LENGTH = 1024 * 1024;

/** `edgewright route test`: NDJSON in, one JSON line out for each. */
export function defineRoute(program: Command, invocation: Invocation): void {
  const group = program.command('route').description('try edgeHub routes');
  group
    .command('test')
    .description('evaluate a route against messages: `{matched, sink, error}` for each line of NDJSON')
    .option('--route <text>', 'the route; a line may carry its own')
    .option('--message <file>', 'NDJSON of {body, properties, systemProperties, source, route}; - for stdin', '-')
    .addHelpText(
      'after',
      `\nExample:\n  $ echo '{"source": "/messages/modules/m/outputs/o", "properties": {"level": "high"}}' | edgewright route test --route "FROM /messages/modules/m/outputs/* WHERE level = 'high' INTO \\$upstream"`,
    )
    .action(async (flags: { route?: string; message: string }) => {
      const input = flags.message === '-' ? invocation.context.stdin : createReadStream(invocation.path(flags.message));
      try {
        for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
          if (line.trim() !== '') invocation.terminal.line(JSON.stringify(evaluate(line, flags.route)));
        }
      } catch (cause) {
        if (isEdgewrightError(cause)) throw cause;
        throw new CliError('UsageInvalid', `cannot read the messages from "${flags.message}": ${messageOf(cause)}`, {
          cause,
        });
      }
    });
}

interface TestLine {
  readonly body?: unknown;
  readonly properties?: Record<string, string>;
  readonly systemProperties?: Record<string, string>;
  readonly source?: string;
  readonly route?: string;
}

interface TestResult {
  /** Null when the condition is Undefined, or when there is an error. */
  readonly matched: boolean | null;
  readonly sink: string | null;
  readonly error: { readonly code: string; readonly position: number | null; readonly message: string } | null;
}

function evaluate(text: string, givenRoute: string | undefined): TestResult {
  try {
    const line = parseLine(text);
    const routeText = line.route ?? givenRoute;
    if (routeText === undefined)
      return failed('RouteMissing', null, 'no route: give --route, or a "route" in the line');
    const route = compileRoute(routeText);
    return { matched: route.evaluate(messageOfLine(line)) ?? null, sink: sinkText(route), error: null };
  } catch (thrown) {
    if (!(thrown instanceof ContractError)) throw thrown;
    const { code, position } = thrown.details as { code?: string; position?: number };
    return failed(code ?? thrown.code, position ?? null, thrown.message);
  }
}

function parseLine(text: string): TestLine {
  if (text.length > MAX_LINE_LENGTH)
    throw new ContractError(
      'InvalidJson',
      `a line has ${text.length} characters, at most ${MAX_LINE_LENGTH} are taken`,
    );
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch (cause) {
    throw new ContractError('InvalidJson', `a line is not JSON: ${messageOf(cause)}`, { cause });
  }
  throw new ContractError('InvalidJson', 'a line is not a JSON object');
}

/** A body given as JSON stands for a JSON message, unless the line's own system properties say otherwise. */
function messageOfLine(line: TestLine): RouteMessage {
  const { body = {}, properties = {}, systemProperties, source = '/messages' } = line;
  return {
    source,
    body: JSON.stringify(body),
    properties,
    systemProperties: { contentType: 'application/json', contentEncoding: 'utf-8', ...systemProperties },
  };
}

function sinkText({ sink }: CompiledRoute): string {
  return sink.kind === 'upstream' ? '$upstream' : `/modules/${sink.module}/inputs/${sink.input}`;
}

function failed(code: string, position: number | null, message: string): TestResult {
  return { matched: null, sink: null, error: { code, position, message } };
}
