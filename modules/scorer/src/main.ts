import { createLogger } from '@edgewright/telemetry';
import { askHealth } from './ask-health.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { fillInOlderNode } from './older-node.ts';
import { runScorer } from './run-scorer.ts';
import { readScorerEnvironment } from './scorer-environment.ts';

/** Docker and edgeAgent kill a container 10 s after they told it to stop. */
const CLOSING_MS = 9_500;

/** What is left open after everything was closed must not keep the process. */
const LINGER_MS = 2_000;

fillInOlderNode();
process.exitCode = process.argv[2] === 'health' ? await health() : await main();
setTimeout(() => process.exit(), LINGER_MS).unref();

/** `main.mjs health`: asks the scorer of this container, and ends with 0 when it is well. */
async function health(): Promise<number> {
  const { isHealthy, text } = await askHealth(Number(process.env['EDGEWRIGHT_METRICS_PORT'] || 9600));
  process.stdout.write(`${text}\n`);
  return isHealthy ? exitCodes.stopped : exitCodes.failed;
}

async function main(): Promise<number> {
  let logger = createLogger({ level: 'info', name: 'scorer' });
  const stop = new AbortController();
  let closingMs = CLOSING_MS;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stop.signal.aborted) process.exit(exitCodes.failed);
    logger.info({ signal }, 'told to stop');
    stop.abort();
    setTimeout(() => {
      logger.fatal(`not closed within ${closingMs} ms`);
      process.exit(exitCodes.failed);
    }, closingMs).unref();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  // warnings of Node.js, of which the SDK causes some, are lines of the log like all others
  process.removeAllListeners('warning');
  process.on('warning', (err) => logger.debug({ err }, 'warning of Node.js'));
  // the SDK throws into its own callbacks at times; a fresh process is the only sound state after that
  process.on('uncaughtException', (err, origin) => {
    logger.fatal({ err, origin }, 'unexpected failure');
    process.exit(exitCodes.failed);
  });
  try {
    const environment = readScorerEnvironment(process.env);
    closingMs += environment.service.drainMs;
    logger = createLogger({
      level: environment.logLevel,
      name: 'scorer',
      base: { ...(environment.edge === undefined ? {} : environment.edge.labels) },
    });
    await runScorer({ environment, logger, signal: stop.signal });
    logger.info('stopped');
    return exitCodes.stopped;
  } catch (err) {
    if (stop.signal.aborted && err === stop.signal.reason) return exitCodes.stopped;
    const exitCode = exitCodeOf(err);
    logger.fatal({ err, exitCode }, 'the scorer ends');
    return exitCode;
  }
}
