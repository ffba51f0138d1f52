import { SimulatorError } from '../simulator-error.ts';
import type { FaultKind, FaultRequest } from './fault.ts';

type Setting = 'count' | 'durationMs' | 'delayMs' | 'bytesPerSecond' | 'skewMs';

/** Which settings a fault takes, and which of them it cannot do without (one of a group is enough). */
const settingsOf: Readonly<
  Record<FaultKind, { readonly takes: readonly Setting[]; readonly needs: readonly Setting[] }>
> = {
  'drop-puback': { takes: ['count', 'durationMs'], needs: [] },
  'delay-puback': { takes: ['count', 'durationMs', 'delayMs'], needs: ['delayMs'] },
  'slow-link': { takes: ['durationMs', 'delayMs', 'bytesPerSecond'], needs: ['delayMs', 'bytesPerSecond'] },
  throttle: { takes: ['count', 'durationMs'], needs: [] },
  'clock-skew': { takes: ['durationMs', 'skewMs'], needs: ['skewMs'] },
  cut: { takes: [], needs: [] },
  'lose-session': { takes: [], needs: [] },
  restart: { takes: ['durationMs'], needs: [] },
};

const allSettings: readonly Setting[] = ['count', 'durationMs', 'delayMs', 'bytesPerSecond', 'skewMs'];
/** Faults of the hub as a whole. */
const hubWide: readonly FaultKind[] = ['throttle', 'clock-skew'];

/** @throws SimulatorError `SimulatorRequestInvalid` for settings that a fault does not have, or lacks */
export function checkFaultRequest(request: FaultRequest): void {
  const { kind, deviceId, moduleId } = request;
  const { takes, needs } = settingsOf[kind];
  const given = allSettings.filter((name) => request[name] !== undefined);
  const strange = given.find((name) => !takes.includes(name));
  if (strange !== undefined) {
    throw invalid(kind, `it has no ${strange}; it takes ${takes.length === 0 ? 'no settings' : takes.join(', ')}`);
  }
  if (needs.length > 0 && !given.some((name) => needs.includes(name))) {
    throw invalid(kind, `it needs ${needs.join(' or ')}`);
  }
  if (moduleId !== undefined && deviceId === undefined) throw invalid(kind, 'a module needs its device');
  if (deviceId !== undefined && hubWide.includes(kind)) {
    throw invalid(kind, `it is a fault of the whole hub and cannot be for "${deviceId}" alone`);
  }
  if (kind === 'restart' && moduleId !== undefined) throw invalid(kind, 'a hub restarts, a module does not');
}

function invalid(kind: FaultKind, reason: string): SimulatorError {
  return new SimulatorError('SimulatorRequestInvalid', `cannot make the fault "${kind}": ${reason}`, {
    details: { kind },
  });
}
