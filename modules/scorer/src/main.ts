import { createLogger } from '@edgewright/telemetry';
import { askHealth } from './ask-health.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { fillInOlderNode } from './older-node.ts';
import { runBatchCommand } from './run-batch-command.ts';
import { runScorer } from './run-scorer.ts';
import { readScorerEnvironment } from './scorer-environment.ts';

/** Docker and edgeAgent kill a container 10 s after they told it to stop. */
const CLOSING_MS = 9_500;

/** What is left open after everything was closed must not keep the process. */
const LINGER_MS = 2_000;

fillInOlderNode();
process.exitCode = await start();
setTimeout(() => process.exit(), LINGER_MS).unref();

async function start(): Promise<number> {
  switch (process.argv[2]) {
    case 'health':
      return await health();
    case 'batch':
      return await batch();
    default:
      return await main();
  }
}

/** `main.mjs batch run`: a node of a batch job; `main.mjs batch worker`: one of its worker processes. */
async function batch(): Promise<number> {
  const [program = '', , ...words] = process.argv.slice(1);
  const stop = new AbortController();
  // a worker hears of its end from the node that started it
  const isWorker = words[0] === 'worker';
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted && !isWorker) process.exit(exitCodes.failed);
      stop.abort();
    });
  }
  process.on('disconnect', () => process.exit(exitCodes.stopped));
  const exitCode = await runBatchCommand({
    words,
    environment: process.env,
    program,
    processId: process.pid,
    signal: stop.signal,
    send: (message) => void process.send?.(message),
    receive: (take) => void process.on('message', (message) => take(message)),
  });
  // the channel to the node would keep this process
  if (process.connected) process.disconnect();
  return exitCode;
}

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
