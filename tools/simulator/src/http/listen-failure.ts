import { messageOf } from '@edgewright/contract';
import { SimulatorError } from '../simulator-error.ts';

/**
 * The error for a server that could not listen.
 *
 * @param purpose what it serves, such as `IoT Hub's REST service`
 */
export function listenFailure(
  purpose: string,
  address: { host: string; port: number },
  cause: unknown,
): SimulatorError {
  const { code } = cause as { code?: unknown };
  const details = { purpose, ...address };
  const where = `port ${address.port} of ${address.host} for ${purpose}`;
  if (code === 'EADDRINUSE') {
    return new SimulatorError('SimulatorPortInUse', `cannot listen on ${where}: it is in use`, { details, cause });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    const message = `cannot listen on ${where}: this user may not open it`;
    return new SimulatorError('SimulatorPortInUse', message, { details, cause });
  }
  return new SimulatorError('SimulatorFailed', `cannot listen on ${where}: ${messageOf(cause)}`, { details, cause });
}
