import type { Reporter, TestCase, TestModule } from 'vitest/node';

/**
 * Prints, after everything else, the reason of every skipped test and one line that programs can read:
 * `N passed, N failed, N skipped`. A file that could not be loaded counts as one failure.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const reasons = new Map<string, number>();
    for (const module of modules) {
      if (module.errors().length > 0 && [...module.children.allTests()].length === 0) counts.failed += 1;
      for (const test of module.children.allTests()) countTest(test, counts, reasons);
    }
    for (const [reason, count] of reasons) process.stdout.write(`skipped ${count}: ${reason}\n`);
    process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
  }
}

function countTest(
  test: TestCase,
  counts: { passed: number; failed: number; skipped: number },
  reasons: Map<string, number>,
): void {
  const result = test.result();
  if (result.state === 'passed') counts.passed += 1;
  else if (result.state === 'failed' || result.state === 'pending') counts.failed += 1;
  else {
    counts.skipped += 1;
    const reason = 'note' in result && result.note ? result.note : `no reason given (${test.fullName})`;
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
}
