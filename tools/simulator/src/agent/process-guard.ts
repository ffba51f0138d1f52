import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

/** How long process groups have to end on SIGTERM once the simulator is gone. */
const LAST_GRACE_MS = 2000;

// Runs in a process of its own. It is told of process groups line by line, and when the pipe ends because whoever wrote into
// it is gone, however that came about, it ends them all. Plain text, because it must run from a bundle as well.
const PROGRAM = `
  const groups = new Set();
  const signal = (group, name) => { try { process.kill(-group, name); } catch {} };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => {});
  let text = '';
  process.stdin.on('data', (chunk) => {
    const lines = (text + chunk).split('\\n');
    text = lines.pop();
    for (const line of lines) {
      const [verb, group] = line.split(' ');
      if (verb === 'watch') groups.add(Number(group));
      else if (verb === 'forget') groups.delete(Number(group));
      else signal(Number(group), verb);
    }
  });
  process.stdin.on('end', () => {
    for (const group of groups) signal(group, 'SIGTERM');
    setTimeout(() => {
      for (const group of groups) signal(group, 'SIGKILL');
      process.exit(0);
    }, groups.size === 0 ? 0 : ${LAST_GRACE_MS});
  });
`;

/**
 * Sees to it that no process group outlives this process, even when this one is killed: a small process beside it holds the
 * other end of a pipe. It also delivers signals to whole groups.
 */
export class ProcessGuard implements AsyncDisposable {
  readonly #nodePath: string;
  readonly #groups = new Set<number>();
  #process: ChildProcess;
  #isDisposed = false;

  /** @param nodePath the Node.js to run */
  constructor(nodePath: string) {
    this.#nodePath = nodePath;
    this.#process = this.#start();
  }

  /** Takes a process group under guard. Its id is the process id of its leader. */
  watch(group: number): void {
    this.#groups.add(group);
    this.#tell('watch', group);
  }

  /** Lets go of a group that has ended. */
  forget(group: number): void {
    this.#groups.delete(group);
    this.#tell('forget', group);
  }

  signal(group: number, signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#tell(signal, group);
  }

  /** Ends the groups that are still under guard, and the guard itself. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    const ended = Promise.withResolvers<void>();
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) ended.resolve();
    this.#process.once('exit', () => ended.resolve());
    this.#process.stdin?.end();
    await ended.promise;
  }

  #start(): ChildProcess {
    // a session of its own: Ctrl-C in the terminal must not end the guard before those it guards
    const guard = spawn(this.#nodePath, ['--eval', PROGRAM], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      env: {},
    });
    guard.unref();
    guard.on('error', () => {});
    guard.on('exit', () => this.#replace());
    guard.stdin?.on('error', () => {});
    return guard;
  }

  /** Somebody ended the guard: the groups need another one. */
  #replace(): void {
    if (this.#isDisposed) return;
    this.#process = this.#start();
    for (const group of this.#groups) this.#tell('watch', group);
  }

  #tell(verb: string, group: number): void {
    this.#process.stdin?.write(`${verb} ${group}\n`);
  }
}
