import type { RolloutFile } from '@edgewright/contract';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const MINUTES_OF_DAY = 1440;

/**
 * Says why no ring may begin at a time, or undefined when one may.
 *
 * @param now milliseconds since 1970
 */
export function whyNotNow({ windows, freeze = [] }: RolloutFile, now: number): string | undefined {
  const frozen = freeze.find(({ from, to }) => Date.parse(from) <= now && now < Date.parse(to));
  if (frozen !== undefined) return `nothing begins from ${frozen.from} to ${frozen.to}`;
  if (windows === undefined || windows.some((window) => isInside(window, now))) return undefined;
  return `it is outside of the maintenance windows ${windows.map(({ days, from, to }) => `${days.join(',')} ${from}-${to}`).join(' and ')} UTC`;
}

function isInside({ days, from, to }: NonNullable<RolloutFile['windows']>[number], now: number): boolean {
  const date = new Date(now);
  const minute = date.getUTCHours() * 60 + date.getUTCMinutes();
  const today = DAYS[date.getUTCDay()] ?? 'sun';
  const yesterday = DAYS[(date.getUTCDay() + 6) % 7] ?? 'sun';
  const [start, end] = [minutes(from), minutes(to)];
  if (start < end) return days.includes(today) && start <= minute && minute < end;
  return (
    (days.includes(today) && start <= minute && minute < MINUTES_OF_DAY) || (days.includes(yesterday) && minute < end)
  );
}

function minutes(text: string): number {
  const [hours = 0, rest = 0] = text.split(':').map(Number);
  return hours * 60 + rest;
}
