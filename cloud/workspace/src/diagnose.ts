import type { EngineReport } from '@edgewright/engine';

/** Finds out what scoring can use on this machine: backends, execution providers, threads, memory; needs no workspace. */
export async function diagnose(signal?: AbortSignal): Promise<EngineReport> {
  const { diagnoseEngine } = await import('@edgewright/engine');
  return diagnoseEngine(signal);
}
