import type { status as Status, ServiceError } from '@grpc/grpc-js';
import type { RemoteModel } from '@edgewright/contract';
import { EngineError } from '../../engine-error.ts';
import { settingsOf } from './remote-settings.ts';

type Codes = typeof Status;

/** A failed call, and how often it was tried. */
export interface FailedCall {
  readonly error: ServiceError;
  readonly tries: number;
}

/**
 * The codes after which a call is made again: those of Azure ML's C# client. Never after INVALID_ARGUMENT, as its Python
 * client has it, nor after any other by which the server refuses what would be the same the next time.
 */
export function mayPass(codes: Codes, code: number): boolean {
  return [codes.UNAVAILABLE, codes.DEADLINE_EXCEEDED, codes.ABORTED, codes.INTERNAL].includes(code);
}

/** The engine's error of a failed call: where, which code, what the server said, and what to do. */
export function remoteFailure(codes: Codes, description: RemoteModel, { error, tries }: FailedCall): EngineError {
  const { address, protocol } = description;
  const status = codes[error.code] ?? String(error.code);
  const times = tries > 1 ? `, ${tries} times` : '';
  const reason = `the accelerator at ${address} answered ${status}${times}: ${error.details}`;
  const options = { details: { address, protocol, status, tries }, cause: error };
  const isTooLong = error.code === codes.RESOURCE_EXHAUSTED && error.details.startsWith('Attempted to send');
  if (error.code === codes.INVALID_ARGUMENT || isTooLong) {
    return new EngineError('InputInvalid', `cannot score the input: ${reason}; ${remedy(codes, description, error)}`, options); // prettier-ignore
  }
  const code = error.code === codes.DEADLINE_EXCEEDED ? 'ScoringTimeout' : 'AcceleratorFailed';
  return new EngineError(code, `the request was not scored: ${reason}; ${remedy(codes, description, error)}`, options);
}

function remedy(codes: Codes, description: RemoteModel, { code }: ServiceError): string {
  const { timeoutMs, maxMessageBytes } = settingsOf(description);
  switch (code) {
    case codes.UNAVAILABLE:
      return 'check "address" and "tls", and that it runs: an FPGA that is being flashed answers after minutes';
    case codes.DEADLINE_EXCEEDED:
      return `raise "timeoutMs" (${timeoutMs}), or give it less work`;
    case codes.UNAUTHENTICATED:
    case codes.PERMISSION_DENIED:
      return 'check "tokenFile" and "service"';
    case codes.NOT_FOUND:
      return `check "model": it is ${JSON.stringify(description.model)}`;
    case codes.UNIMPLEMENTED:
      return `check "protocol": the server does not speak ${description.protocol} at that address`;
    case codes.RESOURCE_EXHAUSTED:
      return `send less, or raise "maxMessageBytes" (${maxMessageBytes}) here and on the server`;
    case codes.INVALID_ARGUMENT:
      return 'compare "inputs" and "outputs" with what the model has';
    default:
      return 'its log says more';
  }
}
