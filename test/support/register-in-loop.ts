import path from 'node:path';
import { openAzureRegistry, openModelRegistry, openOciRegistry, parseRegistryPlace } from '@edgewright/models';
import type { ModelRegistry } from '@edgewright/models';

// Registers a file under a name again and again, and says each id once it is promised:
//   register-in-loop.ts FOLDER REGISTRY NAME FILE TIMES
// A test kills it at moments that it cannot foresee, or runs several at once. It loads no more than it needs, because tests
// start many.

const [folder = '', registry = '', name = '', file = '', times = '0'] = process.argv.slice(2);

async function openRegistry(): Promise<ModelRegistry> {
  const place = parseRegistryPlace(registry);
  const cacheDirectory = path.join(folder, 'cache');
  if (place.kind === 'folder') return await openModelRegistry(place.directory);
  if (place.kind === 'azblob') {
    const access = { connectionString: process.env['AZURE_STORAGE_CONNECTION_STRING'] };
    return await openAzureRegistry({ ...place, cacheDirectory, access });
  }
  const { RegistryRepository } = await import('@edgewright/packager');
  return await openOciRegistry({ repository: await RegistryRepository.open(place.name, {}), cacheDirectory });
}

await using models = await openRegistry();
process.stdout.write('ready\n');
for (let round = 0; round < Number(times); round += 1) {
  const model = await models.register({ name, path: file, tags: { round: String(round) } });
  process.stdout.write(`${model.id}\n`);
}
