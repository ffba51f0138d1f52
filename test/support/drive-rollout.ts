/** A controller of one rollout in a process of its own, so that tests can kill it. Takes its settings as JSON. */
import { connectHub, driveRollout, SqliteRolloutStore } from '@edgewright/iothub';

interface Settings {
  readonly connectionString: string;
  readonly port: number;
  readonly caFile: string;
  readonly directory: string;
  readonly name: string;
}

const { directory, name, ...hubOptions } = JSON.parse(process.argv[2] ?? '') as Settings;
await using hub = connectHub(hubOptions);
await using store = SqliteRolloutStore.open(directory);
const { signal } = new AbortController();
await driveRollout({
  hub,
  store,
  name,
  signal,
  now: Date.now,
  onStep: ({ phase, ring }) => void process.stdout.write(`${ring} ${phase}\n`),
});
