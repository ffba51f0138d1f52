import { isEdgewrightError } from '@edgewright/contract';

/** How the scorer ends; docs/edge-module.md says what to do about each. */
export const exitCodes = {
  /** It was told to, and everything was closed in order. */
  stopped: 0,
  /** A failure of its own, or it did not close in time. */
  failed: 1,
  /** What it was given is wrong: variables, configuration, model, entry script. Starting again will not help. */
  misconfigured: 2,
  /** No session with edgeHub for too long (EX_TEMPFAIL of sysexits.h). Starting again may help. */
  hubUnreachable: 75,
} as const;

/** The exit code for what ended the scorer. */
export function exitCodeOf(error: unknown): number {
  if (!isEdgewrightError(error)) return exitCodes.failed;
  if (error.code === 'HubUnreachable') return exitCodes.hubUnreachable;
  return error.fault === 'user' ? exitCodes.misconfigured : exitCodes.failed;
}
