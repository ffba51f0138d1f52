// A program for the test of the process guard: starts two groups under guard, says which, and waits to be killed.
import { spawn } from 'node:child_process';
import { ProcessGuard } from '../src/agent/process-guard.ts';

const guard = new ProcessGuard(process.execPath);
const stubborn = `trap '' TERM; sleep 600`;
for (const command of ['sleep 600 & sleep 600', stubborn]) {
  const child = spawn('sh', ['-c', command], { detached: true, stdio: 'ignore' });
  guard.watch(child.pid ?? 0);
  process.stdout.write(`${child.pid}\n`);
}
setInterval(() => {}, 1000);
