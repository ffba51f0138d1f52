import Type from 'typebox';
import { checkDocument, isEdgewrightError, messageOf } from '@edgewright/contract';
import type { EventSink } from '@edgewright/contract';
import { parameter } from '../http/json-route.ts';
import type { JsonReply, JsonRequest, JsonRoute } from '../http/json-route.ts';
import { startJsonService } from '../http/json-service.ts';
import type { JsonService } from '../http/json-service.ts';
import type { MethodCall, MethodResult } from '../hub/direct-method.ts';
import type { Hub } from '../hub/hub.ts';
import { SimulatorError } from '../simulator-error.ts';
import type { IssuedCertificate } from '../workload/certificate-issuer.ts';
import { requestProblem } from './client-authentication.ts';

/** The largest payload of a method, as JSON. */
const MAX_PAYLOAD_BYTES = 128 * 1024;
/** Room for the payload and what stands around it. */
const MAX_BODY_BYTES = MAX_PAYLOAD_BYTES + 8 * 1024;

const MethodSchema = Type.Object({
  methodName: Type.String({ minLength: 1, maxLength: 100 }),
  payload: Type.Optional(Type.Unknown()),
  responseTimeoutInSeconds: Type.Optional(Type.Integer({ minimum: 5, maximum: 300 })),
  connectTimeoutInSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 300 })),
});

export interface EdgeHubHttpsOptions {
  readonly hub: Hub;
  /** The edge device. */
  readonly deviceId: string;
  /** The address to listen on. */
  readonly host: string;
  /** 0: any free port. The Azure SDKs for devices call port 443 and no other. */
  readonly port: number;
  /** Besides the hub's, the host names that tokens may be for. */
  readonly gatewayHostNames: () => readonly string[];
  readonly certificate: IssuedCertificate;
  /** @param caller `device/module` */
  readonly invokeMethod: (caller: string, call: MethodCall) => Promise<MethodResult>;
  readonly emit: EventSink;
}

/**
 * Serves edgeHub's HTTPS interface: direct methods from one module to another
 * (HTTP/controllers/TwinsController.cs, HTTP/MethodRequest.cs).
 *
 * @throws SimulatorError `SimulatorPortInUse`, `SimulatorFailed`
 */
export async function startEdgeHubHttps(options: EdgeHubHttpsOptions): Promise<JsonService> {
  const { host, port, certificate, emit } = options;
  const handle = (request: JsonRequest) => invoke(options, request);
  const routes: JsonRoute[] = [
    { method: 'POST', path: '/twins/:deviceId/methods', handle },
    { method: 'POST', path: '/twins/:deviceId/modules/:moduleId/methods', handle },
  ];
  return await startJsonService({
    purpose: "edgeHub's HTTPS interface",
    routes,
    host,
    port,
    tls: certificate,
    maxBodyBytes: MAX_BODY_BYTES,
    authorize: (_route, head) => authorize(options, (name) => head.header(name)),
    failure: (error) => {
      const known = isEdgewrightError(error)
        ? error
        : new SimulatorError('SimulatorFailed', `edgeHub failed: ${messageOf(error)}`, { cause: error });
      if (known.fault === 'self') emit({ stage: 'edgehub.https', state: 'failed', text: known.message });
      return { status: known.httpStatus, body: { message: known.message } };
    },
  });
}

function authorize(options: EdgeHubHttpsOptions, header: (name: string) => string | undefined): void {
  const { hub, deviceId, gatewayHostNames } = options;
  const caller = callerOf(header);
  const problem = requestProblem(caller, header('authorization'), {
    hub,
    deviceId,
    gatewayHostNames: gatewayHostNames(),
  });
  if (problem !== undefined) throw new SimulatorError('SimulatedHubUnauthorized', problem);
}

function callerOf(header: (name: string) => string | undefined): { deviceId: string; moduleId: string } {
  const value = header('x-ms-edge-moduleid') ?? '';
  const [deviceId = '', moduleId = '', ...more] = value.split('/');
  if (deviceId !== '' && moduleId !== '' && more.length === 0) return { deviceId, moduleId };
  throw new SimulatorError(
    'SimulatorRequestInvalid',
    `the header x-ms-edge-moduleId is "${value}"; it must be {device}/{module} of the caller`,
  );
}

async function invoke({ invokeMethod }: EdgeHubHttpsOptions, request: JsonRequest): Promise<JsonReply> {
  const body = checkDocument(MethodSchema, request.body, 'the method request');
  const sizeBytes = Buffer.byteLength(JSON.stringify(body.payload ?? null));
  if (sizeBytes > MAX_PAYLOAD_BYTES) {
    const text = `the payload of "${body.methodName}" has ${sizeBytes} bytes; at most ${MAX_PAYLOAD_BYTES} are taken`;
    throw new SimulatorError('SimulatorRequestInvalid', text, { details: { sizeBytes } });
  }
  const { moduleId } = request.parameters;
  const { deviceId, moduleId: callerModule } = callerOf((name) => request.header(name));
  const { status, payload } = await invokeMethod(`${deviceId}/${callerModule}`, {
    deviceId: parameter(request, 'deviceId'),
    ...(moduleId !== undefined && { moduleId }),
    methodName: body.methodName,
    payload: body.payload,
    connectTimeoutMs: (body.connectTimeoutInSeconds ?? 0) * 1000,
    responseTimeoutMs: (body.responseTimeoutInSeconds ?? 30) * 1000,
    signal: request.signal,
  });
  return { status: 200, body: { status, payload: payload ?? null } };
}
