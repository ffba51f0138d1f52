import { readFileSync } from 'node:fs';
import { SimulatorError } from '../simulator-error.ts';
import type { SendRequest, SimulatorClient } from '../simulator-client.ts';
import { sendMessages } from './send-messages.ts';
import type { SendResult } from './send-messages.ts';

/**
 * Sends as a module of an edge device, or as a plain device, from this process.
 *
 * @throws SimulatorError `SimulatorRequestInvalid` for an edge device without a module, or a device that has no key
 */
export async function sendAs(
  simulator: Pick<SimulatorClient, 'info' | 'device' | 'moduleCredentials'>,
  { deviceId, moduleId, ...request }: SendRequest,
): Promise<SendResult> {
  const ca = () => readFileSync(simulator.info.caFile, 'utf8');
  const device = await simulator.device(deviceId);
  if (device.edge && moduleId === undefined) {
    throw invalid(deviceId, 'it is an edge device, so one of its modules must send');
  }
  if (moduleId !== undefined) {
    const { connectionString } = await simulator.moduleCredentials(deviceId, moduleId);
    return await sendMessages({ output: 'output', ...request, connectionString, ca: ca() });
  }
  if (device.connectionString.endsWith('x509=true')) throw invalid(deviceId, 'it has a certificate and no key');
  const { output: _output, ...rest } = request;
  return await sendMessages({ ...rest, connectionString: device.connectionString, ca: ca() });
}

function invalid(deviceId: string, reason: string): SimulatorError {
  return new SimulatorError('SimulatorRequestInvalid', `cannot send as "${deviceId}": ${reason}`, {
    details: { deviceId },
  });
}
