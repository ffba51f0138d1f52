import type { ContainerCreateOptions } from 'dockerode';
import { OWNER_LABEL } from './container-engine.ts';
import type { ContainerEngine } from './container-engine.ts';

/** What a container may not exceed; what is left out has no limit. */
export interface ContainerLimits {
  /** Cores. */
  readonly cpu?: number;
  readonly memoryInGB?: number;
}

/** A scorer that is to run as a container. */
export interface ScorerContainerOptions extends ContainerLimits {
  readonly engine: ContainerEngine;
  readonly name: string;
  readonly image: string;
  /** Whose it is; see `ContainerEngine.removeContainers`. */
  readonly owner: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly network?: string | undefined;
  /** Files for the scorer alone, by their names; they lie in `CREDENTIALS_FOLDER`. */
  readonly credentials?: Readonly<Record<string, string>>;
  /** Told of each line that it writes. */
  readonly onLine?: (line: string) => void;
}

/** Where a scorer finds its keys. */
export const CREDENTIALS_FOLDER = '/var/run/edgewright';

const PORT = 5001;
const LOG_FILES = { 'max-size': '8m', 'max-file': '2' };

/**
 * What `POST /containers/create` gets for a scorer: nothing that it could write to but /tmp, no capabilities, its limits.
 *
 * On the host's network it listens on a free port of loopback; on others its port is published on loopback, at a free port too.
 */
export function scorerContainerOptions(options: ScorerContainerOptions): ContainerCreateOptions {
  const { name, image, owner, labels, environment, cpu, memoryInGB, engine } = options;
  const network = options.network ?? engine.usualNetwork;
  const isHost = network === 'host';
  const place = isHost ? { PORT: '0', EDGEWRIGHT_HTTP_HOST: '127.0.0.1' } : { PORT: String(PORT) };
  const memory = memoryInGB === undefined ? undefined : Math.round(memoryInGB * 1024 ** 3);
  return {
    name,
    Image: image,
    Labels: { ...labels, [OWNER_LABEL]: owner },
    Env: Object.entries({ ...environment, ...place }).map(([key, value]) => `${key}=${value}`),
    // whoever started it looks after it
    Healthcheck: { Test: ['NONE'] },
    Volumes: { [CREDENTIALS_FOLDER]: {} },
    ...(isHost ? {} : { ExposedPorts: { [`${PORT}/tcp`]: {} } }),
    HostConfig: {
      NetworkMode: network,
      ...(isHost ? {} : { PortBindings: { [`${PORT}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: '' }] } }),
      ReadonlyRootfs: true,
      Tmpfs: { '/tmp': 'rw,nosuid,nodev,size=64m' },
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      RestartPolicy: { Name: '' },
      LogConfig: { Type: 'json-file', Config: LOG_FILES },
      // no swap: past the limit a process ends, as on ACI and Kubernetes
      ...(memory === undefined ? {} : { Memory: memory, MemorySwap: memory }),
      ...(cpu === undefined ? {} : { NanoCpus: Math.round(cpu * 1e9) }),
    },
  };
}
