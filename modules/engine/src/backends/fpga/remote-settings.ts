import type { RemoteModel } from '@edgewright/contract';

/** What a description leaves to defaults; milliseconds and bytes. */
export interface RemoteSettings {
  readonly timeoutMs: number;
  readonly tries: number;
  readonly maxMessageBytes: number;
  readonly keepAliveMs: number;
}

/** The settings of a description. Five tries and ten seconds are what Azure ML's own client had. */
export function settingsOf(description: RemoteModel): RemoteSettings {
  const { timeoutMs = 10_000, tries = 5, maxMessageBytes = 64 * 1024 * 1024, keepAliveMs = 30_000 } = description;
  return { timeoutMs, tries, maxMessageBytes, keepAliveMs };
}
