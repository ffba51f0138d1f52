import { rm } from 'node:fs/promises';
import { Workspace } from 'edgewright';
import { runDemo } from './demo/run-demo.ts';
import { DemoScreen } from './demo/demo-screen.ts';
import { reportText } from './demo/report.ts';

// `npm run demo`: a model goes from a training table to an edge device, and its scores come back. Everything happens on this
// machine, in the folder .edgewright/demo, which is made anew at each run and kept for a look afterwards.
//   --json   one JSON object as the last line, for programs
//   --kill   kills the scorer halfway, to show that nothing is lost

const argumentsGiven = process.argv.slice(2);
const known = new Set(['--json', '--kill']);
const unknown = argumentsGiven.filter((argument) => !known.has(argument));
const json = argumentsGiven.includes('--json');
const folder = '.edgewright/demo';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => interrupted.abort(new DOMException(`interrupted by ${signal}`, 'AbortError')));
}

async function main(): Promise<number> {
  if (unknown.length > 0) {
    process.stderr.write(`error: the demo does not know ${unknown.join(' ')}: it takes --json and --kill\n`);
    return 2;
  }
  const screen = new DemoScreen(json ? process.stderr : process.stdout);
  await rm(folder, { recursive: true, force: true });
  await using workspace = await Workspace.open(folder);
  const report = await runDemo({
    workspace,
    screen,
    killScorer: argumentsGiven.includes('--kill'),
    signal: interrupted.signal,
  });
  screen.say(reportText(report, folder));
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  return report.passed ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  const aborted = interrupted.signal.aborted;
  process.stderr.write(
    aborted ? '\ninterrupted\n' : `error: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exitCode = aborted ? 130 : 1;
}
