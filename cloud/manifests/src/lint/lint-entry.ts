import type { Severity } from './finding.ts';

/** What lint knows about one kind of finding. */
export interface LintEntry {
  /** A few words, for headings and SARIF. */
  readonly title: string;
  readonly severity: Severity;
  /** Why it is a problem. */
  readonly reason: string;
  /** What to do about it. */
  readonly remedy: string;
}
