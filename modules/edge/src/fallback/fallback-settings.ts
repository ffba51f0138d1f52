import type { ScorerDesired } from '@edgewright/contract';
import { EdgeError } from '../edge-error.ts';

type Desired = NonNullable<ScorerDesired['fallback']>;

/** Why a message goes to the cloud. */
export type FallbackReason = 'error' | 'timeout' | 'queueFull' | 'confidence';

/** `fallback` of the desired properties with its defaults. */
export interface FallbackSettings {
  readonly url: string;
  readonly reasons: ReadonlySet<FallbackReason>;
  readonly confidence: Desired['confidence'];
  readonly timeoutMs: number;
  readonly maxPerHour: number;
  readonly maxWaiting: number;
  readonly maxAgeSeconds: number;
}

/**
 * @param has what this device has that a fallback needs
 * @throws EdgeError `SettingsInvalid`
 */
export function readFallbackSettings(
  desired: ScorerDesired['fallback'],
  has: { readonly stateDirectory: boolean; readonly key: boolean },
): FallbackSettings | undefined {
  if (desired === undefined) return undefined;
  const url = URL.canParse(desired.url) ? new URL(desired.url) : undefined;
  if (url === undefined) throw refused('$.fallback.url is no URL');
  if (!has.stateDirectory) {
    throw refused(
      'there is no folder for messages that wait for the cloud; bind one into the container and name it in EDGEWRIGHT_STATE_DIRECTORY',
    );
  }
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (has.key && url.protocol !== 'https:' && !isLocal) {
    throw refused('$.fallback.url is not https, and the key of this device would be sent in the clear');
  }
  const { on = ['error', 'timeout', 'queueFull'], confidence } = desired;
  return {
    url: desired.url,
    reasons: new Set([...on, ...(confidence === undefined ? [] : (['confidence'] as const))]),
    confidence,
    timeoutMs: desired.timeoutMs ?? 10_000,
    maxPerHour: desired.maxPerHour ?? 1_000,
    maxWaiting: desired.maxWaiting ?? 1_000,
    maxAgeSeconds: desired.maxAgeSeconds ?? 3_600,
  };
}

/** Which reason an error of the engine is; undefined for those that the cloud would have as well. */
export function fallbackReasonOf(code: string): Exclude<FallbackReason, 'confidence'> | undefined {
  if (code === 'ScoringTimeout') return 'timeout';
  if (code === 'QueueFull') return 'queueFull';
  const isOfTheMessage = ['MessageRejected', 'InputInvalid', 'OutputTooLarge', 'EngineClosed'].includes(code);
  return isOfTheMessage ? undefined : 'error';
}

function refused(reason: string): EdgeError {
  return new EdgeError('SettingsInvalid', `the fallback is refused: ${reason}; the former settings stay in force`);
}
