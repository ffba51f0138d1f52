/** `error`: the manifest does not work. `warning`: it hardly does what is meant. `note`: worth knowing. */
export type Severity = 'error' | 'warning' | 'note';

/** One thing that lint has to say about a manifest. */
export interface Finding {
  /** A stable code, such as `EW2001`; docs/lint.md has a paragraph on each. */
  readonly code: string;
  readonly severity: Severity;
  /** Where it is: `$.modulesContent.$edgeHub["properties.desired"].routes.upstream`. */
  readonly path: string;
  /** What is wrong there, with the value. */
  readonly message: string;
  /** Why that is a problem. */
  readonly reason: string;
  /** What to do about it. */
  readonly remedy: string;
}
