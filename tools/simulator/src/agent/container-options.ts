import type { ContainerCreateOptions } from 'dockerode';
import { portOf, variablesOf } from './container-command.ts';
import type { ModuleSpec } from './module-spec.ts';

/**
 * What `POST /containers/create` gets for a module: its createOptions as they are, with the deployment's variables and
 * edgeAgent's, the socket of the workload API, and the host's network unless they name another one.
 *
 * The host's network, because edgeHub listens on loopback only. Port bindings mean nothing there; a module that takes its port
 * from PORT gets it as a process does.
 */
export function containerOptions(
  { createOptions, env }: ModuleSpec,
  edgeEnvironment: Readonly<Record<string, string>>,
): ContainerCreateOptions {
  const host = createOptions.HostConfig ?? {};
  const network = host.NetworkMode ?? 'host';
  const socket = /^unix:\/\/(.+)$/.exec(edgeEnvironment['IOTEDGE_WORKLOADURI'] ?? '')?.[1];
  const variables = {
    ...(network === 'host' ? portOf({ createOptions }) : {}),
    ...variablesOf(createOptions.Env ?? []),
    ...env,
    ...edgeEnvironment,
  };
  return {
    ...(createOptions as ContainerCreateOptions),
    Env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    HostConfig: {
      ...(host as ContainerCreateOptions['HostConfig']),
      NetworkMode: network,
      Binds: [...(host.Binds ?? []), ...(socket === undefined ? [] : [`${socket}:${socket}`])],
      // the agent restarts modules, by their policy
      RestartPolicy: { Name: '' },
      AutoRemove: false,
    },
  };
}
