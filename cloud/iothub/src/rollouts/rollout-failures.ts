import { IotHubError } from '../iothub-error.ts';

/** The failure of asking for a rollout that is not there. */
export function rolloutNotFound(name: string, known: readonly string[]): IotHubError {
  return new IotHubError(
    'RolloutNotFound',
    `cannot find the rollout "${name}": ${known.length === 0 ? 'there is none' : `there are ${known.join(', ')}`}`,
    { details: { rollout: name } },
  );
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
