/**
 * The lines in which two texts differ, `-` for what stands there and `+` for what is wanted, with the line number: the
 * common beginning and end are left out, and what lies between is compared by its longest common subsequence.
 */
export function lineDiff(found: string, wanted: string): string[] {
  const before = found.split('\n');
  const after = wanted.split('\n');
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && before.at(-1 - tail) === after.at(-1 - tail)) {
    tail += 1;
  }
  return middleDiff(before.slice(head, before.length - tail), after.slice(head, after.length - tail), head);
}

function middleDiff(before: readonly string[], after: readonly string[], offset: number): string[] {
  const lengths = commonLengths(before, after);
  const lines: string[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      i += 1;
      j += 1;
    } else if (j >= after.length || (i < before.length && (lengths[i + 1]?.[j] ?? 0) >= (lengths[i]?.[j + 1] ?? 0))) {
      lines.push(`-${offset + i + 1}: ${before[i]}`);
      i += 1;
    } else {
      lines.push(`+${offset + j + 1}: ${after[j]}`);
      j += 1;
    }
  }
  return lines;
}

/** `[i][j]` is the length of the longest common subsequence of the lines from i and from j on. */
function commonLengths(before: readonly string[], after: readonly string[]): number[][] {
  const table = Array.from({ length: before.length + 1 }, () => Array.from({ length: after.length + 1 }, () => 0));
  for (let i = before.length - 1; i >= 0; i -= 1) {
    const row = table[i] ?? [];
    const below = table[i + 1] ?? [];
    for (let j = after.length - 1; j >= 0; j -= 1) {
      row[j] = before[i] === after[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return table;
}
