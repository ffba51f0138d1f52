/**
 * Whose fault a failure is. It decides the exit code and whether trying again makes sense:
 * `user` (input or configuration is wrong), `remote` (another system refused or failed), `self` (edgewright's own fault
 * or this machine's).
 */
export type Fault = 'user' | 'remote' | 'self';

/** One row of the error catalogue. `docs/errors.md` is generated from these rows. */
export interface ErrorEntry {
  readonly fault: Fault;
  /** The HTTP status with which an endpoint answers when a request ends with this error. */
  readonly httpStatus: number;
  /** What happened, in one sentence without a full stop. */
  readonly meaning: string;
  /** What the reader can do about it. */
  readonly remedy: string;
}
