import { IotHubError } from '../iothub-error.ts';

/** The failure of asking for a rollout that is not there. */
export function rolloutNotFound(name: string, known: readonly string[]): IotHubError {
  const others = known.length === 0 ? 'there is none' : `those that there are: ${known.join(', ')}`;
  return new IotHubError('RolloutNotFound', `cannot find the rollout "${name}"; ${others}`, {
    details: { rollout: name },
  });
}

export function rolloutExists(name: string): IotHubError {
  return new IotHubError('RolloutExists', `cannot start the rollout "${name}": there is one of this name`, {
    details: { rollout: name },
  });
}

export function rolloutBusy(name: string, cause?: unknown): IotHubError {
  return new IotHubError('RolloutBusy', `cannot drive the rollout "${name}": another controller does`, {
    details: { rollout: name },
    ...(cause === undefined ? {} : { cause }),
  });
}
