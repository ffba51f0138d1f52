import { Workspace } from '@edgewright/workspace';

// Registers a file under a name again and again, and says each id once it is promised:
//   register-in-loop.ts WORKSPACE REGISTRY NAME FILE TIMES
// A test kills it at moments that it cannot foresee, or runs several at once.

const [directory = '', modelRegistry = '', name = '', file = '', times = '0'] = process.argv.slice(2);

await using workspace = await Workspace.open(directory, { modelRegistry });
process.stdout.write('ready\n');
for (let round = 0; round < Number(times); round += 1) {
  const model = await workspace.models.register({ name, path: file, tags: { round: String(round) } });
  process.stdout.write(`${model.id}\n`);
}
