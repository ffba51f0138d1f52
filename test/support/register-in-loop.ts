import { openModelRegistry } from '@edgewright/models';

// Registers a file under a name again and again, and says each id once it is promised:
//   register-in-loop.ts REGISTRY NAME FILE TIMES
// A test kills it at moments that it cannot foresee, or runs several at once.

const [directory = '', name = '', file = '', times = '0'] = process.argv.slice(2);

await using registry = await openModelRegistry(directory);
process.stdout.write('ready\n');
for (let round = 0; round < Number(times); round += 1) {
  const model = await registry.register({ name, path: file, tags: { round: String(round) } });
  process.stdout.write(`${model.id}\n`);
}
