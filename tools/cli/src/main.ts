import { runCli } from './run-cli.ts';

// Ctrl-C and SIGTERM end the verb in order; a second one ends the program at once.
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (interrupted.signal.aborted) process.exit(130);
    interrupted.abort();
  });
}

// a reader that goes away (`| head`) is no failure
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
});

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  environment: process.env,
  currentDirectory: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interrupted.signal,
  program: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
});
