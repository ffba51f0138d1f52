import { platform, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { CollectorThread } from './collector-thread.ts';
import type { HostMessage } from './protocol.ts';

/** Above 0 is less: where processors are short, this thread gets a third of the time of one that scores. */
const NICENESS = 5;

const port = parentPort;
if (port === null) throw new TypeError('the collector runs in a thread of a scorer');
// on Linux this is of the thread alone, elsewhere it would be of the whole scorer: scoring goes before collecting
if (platform() === 'linux') setPriority(NICENESS);
const thread = new CollectorThread((message) => port.postMessage(message));
port.on('message', (message: HostMessage) => thread.take(message));
