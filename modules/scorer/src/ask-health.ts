/** A scorer that does not answer within this time is not well. */
const TIMEOUT_MS = 3_000;

/**
 * Asks the scorer in the same container for its health, for Docker's HEALTHCHECK: images have no other program that could.
 *
 * @param port of its metrics and health
 * @returns whether it is well, and what it says
 */
export async function askHealth(port: number): Promise<{ readonly isHealthy: boolean; readonly text: string }> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return { isHealthy: response.ok, text: (await response.text()).trim() };
  } catch (error) {
    const { message, cause } = error as Error;
    return { isHealthy: false, text: cause instanceof Error ? cause.message : message };
  }
}
