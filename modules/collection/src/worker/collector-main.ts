import { parentPort } from 'node:worker_threads';
import { CollectorThread } from './collector-thread.ts';
import type { HostMessage } from './protocol.ts';

const port = parentPort;
if (port === null) throw new TypeError('the collector runs in a thread of a scorer');
const thread = new CollectorThread((message) => port.postMessage(message));
port.on('message', (message: HostMessage) => thread.take(message));
