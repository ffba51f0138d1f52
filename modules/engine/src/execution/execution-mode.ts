/** How requests are run: on the caller's thread, in worker threads, or in child processes. */
export type ExecutionMode = 'inline' | 'worker' | 'process';
