import { setTimeout as pause } from 'node:timers/promises';
import { errorCatalogue, messageOf } from '@edgewright/contract';
import type { ErrorCodeOf } from '@edgewright/contract';
import type { Fault, FaultRequest } from '../faults/fault.ts';
import type { Feedback } from '../hub/cloud-message.ts';
import type { MethodCall, MethodResult } from '../hub/direct-method.ts';
import type { TelemetryFilter, TelemetryRecord } from '../hub/telemetry-record.ts';
import type { ThrottleRequest } from '../hub/throttle.ts';
import { bodyOf } from '../sending/body-of.ts';
import { replay } from '../recording/replay.ts';
import { sendAs } from '../sending/send-as.ts';
import type { SendResult } from '../sending/send-messages.ts';
import type {
  CloudMessageRequest,
  CreatedDevice,
  CreateDeviceRequest,
  ModuleCredentials,
  ReplayRequest,
  ReplayResult,
  SendRequest,
  SimulatedDevice,
  SimulatedModule,
  SimulatorClient,
  SimulatorInfo,
  WaitForModuleRequest,
} from '../simulator-client.ts';
import { SimulatorError } from '../simulator-error.ts';
import { readStateFile } from '../state/state-file.ts';
import type { StateFile } from '../state/state-file.ts';
import { waitForModule } from '../wait-for-module.ts';
import { filterQuery } from './control-routes.ts';
import { decodeTelemetry } from './telemetry-lines.ts';

/** Longer than a direct method may take with all of its waits. */
const REQUEST_TIMEOUT_MS = 660_000;
const STOP_TIMEOUT_MS = 60_000;
const STOP_POLL_MS = 50;

interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** A simulator in another process, reached over its control interface. */
export class ControlClient implements SimulatorClient {
  readonly info: SimulatorInfo;
  readonly #stateDirectory: string;
  readonly #file: StateFile;

  private constructor(stateDirectory: string, file: StateFile, info: SimulatorInfo) {
    this.#stateDirectory = stateDirectory;
    this.#file = file;
    this.info = info;
  }

  /** @throws SimulatorError `SimulatorNotRunning` */
  static async connect(stateDirectory: string): Promise<ControlClient> {
    const file = readStateFile(stateDirectory);
    if (file === undefined) throw notRunning(stateDirectory);
    return new ControlClient(stateDirectory, file, await request<SimulatorInfo>(stateDirectory, file, ['/api/info']));
  }

  async createDevice(body: CreateDeviceRequest): Promise<CreatedDevice> {
    return await this.#call(['/api/devices', { method: 'POST', body }]);
  }

  async removeDevice(deviceId: string): Promise<void> {
    await this.#call([devicePath(deviceId), { method: 'DELETE' }]);
  }

  async devices(): Promise<SimulatedDevice[]> {
    return await this.#call(['/api/devices']);
  }

  async device(deviceId: string): Promise<SimulatedDevice> {
    return await this.#call([devicePath(deviceId)]);
  }

  async setOnline(deviceId: string, online: boolean): Promise<SimulatedDevice> {
    return await this.#call([`${devicePath(deviceId)}/online`, { method: 'PUT', body: { online } }]);
  }

  async moduleCredentials(deviceId: string, moduleId: string): Promise<ModuleCredentials> {
    const path = `${devicePath(deviceId)}/modules/${encodeURIComponent(moduleId)}/credentials`;
    return await this.#call([path, { method: 'POST', body: {} }]);
  }

  async send(request: SendRequest): Promise<SendResult> {
    return await sendAs(this, request);
  }

  async replay(request: ReplayRequest): Promise<ReplayResult> {
    return await replay(this, request);
  }

  monitor(filter: TelemetryFilter, signal: AbortSignal): AsyncIterable<TelemetryRecord> {
    // asked for at once, so that it begins here and not when the first message is wanted
    const opened = open(this.#stateDirectory, this.#file, [
      `/api/telemetry?${filterQuery(filter).toString()}`,
      { signal },
    ]);
    opened.catch(() => {});
    return follow(opened, signal);
  }

  async lastSequenceNumber(): Promise<number> {
    const { sequenceNumber } = await this.#call<{ sequenceNumber: number }>(['/api/telemetry/last']);
    return sequenceNumber;
  }

  async waitForModule(wanted: WaitForModuleRequest): Promise<SimulatedModule> {
    return await waitForModule(this, wanted);
  }

  async invokeMethod({ signal, ...body }: MethodCall): Promise<MethodResult> {
    return await this.#call(['/api/methods', { method: 'POST', body, signal }]);
  }

  async throttle(body: ThrottleRequest): Promise<void> {
    await this.#call(['/api/faults/throttle', { method: 'PUT', body }]);
  }

  async injectFault(body: FaultRequest): Promise<Fault> {
    return await this.#call(['/api/faults', { method: 'POST', body }]);
  }

  async faults(): Promise<Fault[]> {
    return await this.#call(['/api/faults']);
  }

  async clearFaults(id?: number): Promise<Fault[]> {
    return await this.#call([id === undefined ? '/api/faults' : `/api/faults/${id}`, { method: 'DELETE' }]);
  }

  async sendToDevice({ deviceId, ...request }: CloudMessageRequest): Promise<{ readonly sequenceNumber: number }> {
    const body = { ...request, body: undefined, bodyBase64: bodyOf(request.body).toString('base64') };
    return await this.#call([`${devicePath(deviceId)}/messages`, { method: 'POST', body }]);
  }

  async takeFeedback(): Promise<Feedback[]> {
    return await this.#call(['/api/feedback', { method: 'DELETE' }]);
  }

  async purgeMessages(deviceId: string): Promise<{ readonly purged: number }> {
    return await this.#call([`${devicePath(deviceId)}/messages`, { method: 'DELETE' }]);
  }

  async stop(): Promise<void> {
    await this.#call(['/api/stop', { method: 'POST', body: {} }]);
    const end = performance.now() + STOP_TIMEOUT_MS;
    // it removes its file last
    while (readStateFile(this.#stateDirectory)?.token === this.#file.token) {
      if (performance.now() > end) {
        throw new SimulatorError('SimulatorFailed', `the simulator did not end within ${STOP_TIMEOUT_MS} ms`, {
          details: { stateDirectory: this.#stateDirectory },
        });
      }
      await pause(STOP_POLL_MS);
    }
  }

  async #call<Result>(call: [path: string, call?: Call]): Promise<Result> {
    return await request<Result>(this.#stateDirectory, this.#file, call);
  }
}

async function request<Result>(
  stateDirectory: string,
  file: StateFile,
  call: [path: string, call?: Call],
): Promise<Result> {
  const response = await open(stateDirectory, file, call);
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as Result;
}

/** Makes a request; an answer that is an error is thrown as the error it stands for. */
async function open(
  stateDirectory: string,
  file: StateFile,
  [path, call = {}]: [path: string, call?: Call],
): Promise<Response> {
  const { method = 'GET', body, signal } = call;
  let response: Response;
  try {
    response = await fetch(`${file.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${file.token}`, 'content-type': 'application/json' },
      signal: signal ?? AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  } catch (cause) {
    signal?.throwIfAborted();
    throw notRunning(stateDirectory, cause);
  }
  if (response.ok) return response;
  throw await failureOf(response);
}

async function* follow(opened: Promise<Response>, signal: AbortSignal): AsyncGenerator<TelemetryRecord> {
  try {
    const { body } = await opened;
    if (body === null) return;
    yield* decodeTelemetry(body);
  } catch (cause) {
    // the reader has had enough
    if (signal.aborted) return;
    if (cause instanceof SimulatorError) throw cause;
    throw new SimulatorError('SimulatorNotRunning', `the simulator has ended: ${messageOf(cause)}`, { cause });
  }
}

async function failureOf(response: Response): Promise<SimulatorError> {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as {
      error: { code: string; message: string; details?: Record<string, unknown> };
    };
    const code = error.code in errorCatalogue.simulator ? error.code : 'SimulatorRequestInvalid';
    return new SimulatorError(code as ErrorCodeOf<'simulator'>, error.message, { details: error.details ?? {} });
  } catch (cause) {
    return new SimulatorError('SimulatorFailed', `the simulator answered ${response.status}: ${text.slice(0, 200)}`, {
      cause,
    });
  }
}

function devicePath(deviceId: string): string {
  return `/api/devices/${encodeURIComponent(deviceId)}`;
}

function notRunning(stateDirectory: string, cause?: unknown): SimulatorError {
  return new SimulatorError('SimulatorNotRunning', `no simulator runs with the state folder ${stateDirectory}`, {
    details: { stateDirectory },
    cause,
  });
}
