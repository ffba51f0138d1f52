import { Worker } from 'node:worker_threads';

/**
 * Ends this process when the one that started it is gone. A script that loops never hears that its host was killed: a thread beside
 * it looks every second whether it still has the parent that it was born to.
 */
export function endWithHost(): void {
  const watch = `
    const parent = process.ppid;
    setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, 1000);`;
  new Worker(watch, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8 } }).unref();
}
