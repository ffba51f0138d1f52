/** `raw-runs.ts MODEL SECONDS`: runs UltraFace, or what stands in for it, with the bare runtime on one thread, and prints runs a second. */
import { RawSession } from '../engine/raw-session.ts';

const [path = '', seconds = '1'] = process.argv.slice(2);
await using session = await RawSession.open({ title: 'vision', path, input: 'input', shape: [1, 3, 240, 320] });
for (let i = 0; i < 5; i += 1) await session.run();
const start = performance.now();
let count = 0;
for (; performance.now() - start < Number(seconds) * 1000; count += 1) await session.run();
console.log((count / (performance.now() - start)) * 1000);
