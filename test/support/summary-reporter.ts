import type { Reporter, SerializedError, TestCase, TestModule, TestSuite } from 'vitest/node';

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
  /** How many tests were skipped for each reason. */
  readonly reasons: Map<string, number>;
}

/**
 * Prints, after everything else, the reason of every skipped test and one line that programs can read:
 * `N passed, N failed, N skipped`. What failed outside of a test counts as one failure each: a file that could not be
 * loaded, a hook of a suite or file, an error that nobody caught. So the line never looks better than the run was.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const tally: Tally = { passed: 0, failed: unhandled.length, skipped: 0, reasons: new Map() };
    for (const module of modules) {
      tally.failed += module.errors().length;
      for (const suite of module.children.allSuites()) tally.failed += suite.errors().length;
      for (const test of module.children.allTests()) countTest(test, tally);
    }
    for (const [reason, count] of tally.reasons) process.stdout.write(`skipped ${count}: ${reason}\n`);
    process.stdout.write(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped\n`);
  }
}

function countTest(test: TestCase, tally: Tally): void {
  const result = test.result();
  // a test that never ended was cut off: that is no pass
  if (result.state === 'passed') tally.passed += 1;
  else if (result.state === 'failed' || result.state === 'pending') tally.failed += 1;
  else {
    tally.skipped += 1;
    const reason = result.note ?? (failedAbove(test) ? 'a hook of its suite or file failed' : 'no reason given');
    const text = result.note === undefined ? `${reason} (${test.module.relativeModuleId})` : reason;
    tally.reasons.set(text, (tally.reasons.get(text) ?? 0) + 1);
  }
}

function failedAbove(test: TestCase): boolean {
  for (let parent: TestModule | TestSuite = test.parent; ; parent = parent.parent) {
    if (parent.errors().length > 0) return true;
    if (parent.type === 'module') return false;
  }
}
