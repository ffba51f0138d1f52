import { ContainerReplicas } from './container-replicas.ts';
import { ProcessReplica } from './process-replica.ts';
import { ServiceFolder } from './service-folder.ts';
import { ServiceHost } from './service-host.ts';

// The process that keeps one local service: it outlives the command that started it. Its only argument is the service's folder.
const folder = new ServiceFolder(process.argv[2] ?? '.');
const lock = folder.lock();
if (lock !== undefined) {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  const containers = new ContainerReplicas(folder);
  const host = new ServiceHost(folder, (desired, log) =>
    desired.container === undefined
      ? new ProcessReplica(desired, log)
      : containers.start(desired, desired.container, log),
  );
  await host.run(stop.signal);
  lock[Symbol.dispose]();
}
// another host has the service already, or this one is done
process.exit(0);
