/** Sizes whose number is a rank, not a count of processors. */
const D_RANKS: Readonly<Record<string, number>> = {
  1: 1,
  2: 2,
  3: 4,
  4: 8,
  5: 16,
  11: 2,
  12: 4,
  13: 8,
  14: 16,
  15: 20,
};
const A_RANKS: Readonly<Record<string, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 4,
  4: 8,
  5: 2,
  6: 4,
  7: 8,
  8: 8,
  9: 16,
  10: 8,
  11: 16,
};
const G_RANKS: Readonly<Record<string, number>> = { 1: 2, 2: 4, 3: 8, 4: 16, 5: 32 };

/**
 * The virtual processors of an Azure VM size, by its name: `Standard_D3_v2` has 4. Newer sizes carry the count in their name,
 * those of the first series a rank.
 *
 * @returns undefined when the name is none that is known
 */
export function vcpusOf(vmSize: string): number | undefined {
  const name = /^(?:Standard|Basic)_(.+)$/i.exec(vmSize)?.[1];
  if (name === undefined) return undefined;
  const ranked = /^(DS?)(\d+)(?:_v2)?(?:_promo)?$/i.exec(name)?.[2];
  if (ranked !== undefined) return D_RANKS[ranked];
  const [, series = '', rank = ''] = /^(A|GS?)(\d+)$/i.exec(name) ?? [];
  if (series !== '') return (series.toUpperCase() === 'A' ? A_RANKS : G_RANKS)[rank];
  // E8-4s_v5 is an E8 of which four processors are in use
  const counted = /^[A-Z]+(\d+)(?:-(\d+))?[a-z]*(?:_|$)/i.exec(name);
  return counted === null ? undefined : Number(counted[2] ?? counted[1]);
} // prettier-ignore
