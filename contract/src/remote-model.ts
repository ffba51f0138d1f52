import Type from 'typebox';
import type { Static } from 'typebox';
import { checkDocument } from './document.ts';
import { parseJson } from './parse-json.ts';
import { ContractError } from './errors/contract-error.ts';
import { TensorSpecSchema } from './tensor.ts';

/** How the server of a remote model is spoken to, over gRPC. */
export const remoteProtocols = ['tensorflow-serving', 'open-inference'] as const;

/** An input or output of a remote model. */
export const RemoteTensorSchema = Type.Object(
  {
    ...TensorSpecSchema.properties,
    encoding: Type.Optional(
      Type.Enum(['utf8', 'base64'], {
        description: 'of BYTES: what the texts stand for; base64 carries any bytes, such as JPEG files; default utf8',
      }),
    ),
  },
  { additionalProperties: false },
);

/**
 * `NAME.remote.json`: a model that runs on a remote accelerator. It is registered and packaged as a model file is. Paths
 * are relative to the file; secrets are never in it, only the file that holds them.
 */
export const RemoteModelSchema = Type.Object(
  {
    $schema: Type.Optional(Type.String({ description: 'the JSON Schema of this file, for editors' })),
    protocol: Type.Enum([...remoteProtocols], {
      description: 'tensorflow-serving: PredictionService/Predict; open-inference: GRPCInferenceService/ModelInfer',
    }),
    address: Type.String({ pattern: '^[^\\s/]+:[0-9]{1,5}$', description: 'HOST:PORT' }),
    tls: Type.Optional(Type.Boolean({ description: 'true: TLS; default false' })),
    caFile: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'a file of certificates to trust instead of the public ones; only with tls',
      }),
    ),
    tokenFile: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'a file with the token, sent as "authorization: Bearer …"; read again for each request',
      }),
    ),
    service: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
        description: 'the Azure ML service, sent as "x-ms-aml-grpc-service-route: /api/v1/service/NAME"',
      }),
    ),
    model: Type.Object(
      {
        name: Type.String({ description: "the model's name on the server; may be empty" }),
        version: Type.Optional(Type.String({ pattern: '^[0-9]+$', description: 'default: what the server chooses' })),
        signature: Type.Optional(
          Type.String({ minLength: 1, description: 'tensorflow-serving: the signature; default the server’s' }),
        ),
      },
      { additionalProperties: false },
    ),
    inputs: Type.Array(RemoteTensorSchema, { minItems: 1 }),
    outputs: Type.Array(RemoteTensorSchema, { minItems: 1 }),
    timeoutMs: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 600_000, description: 'of one try, in milliseconds; default 10000' }),
    ),
    tries: Type.Optional(Type.Integer({ minimum: 1, maximum: 10, description: 'how often to try; default 5' })),
    maxMessageBytes: Type.Optional(
      Type.Integer({ minimum: 1024, maximum: 1_073_741_824, description: 'of a request or answer; default 67108864' }),
    ),
    keepAliveMs: Type.Optional(
      Type.Integer({
        minimum: 10_000,
        maximum: 3_600_000,
        description:
          'how long a connection with open calls may be silent before it is tested, in milliseconds; default 30000',
      }),
    ),
  },
  {
    additionalProperties: false,
    $id: 'https://edgewright.dev/schemas/remote-model.json',
    title: 'NAME.remote.json',
  },
);

export type RemoteModel = Static<typeof RemoteModelSchema>;
export type RemoteTensor = Static<typeof RemoteTensorSchema>;

/**
 * Reads a description of a remote model.
 *
 * @param source the name of the file, for messages
 * @throws ContractError `InvalidJson`, `InvalidDocument`
 */
export function parseRemoteModel(text: string, source: string): RemoteModel {
  const description = checkDocument(RemoteModelSchema, parseJson(text, source), source);
  const fault = faultOf(description);
  if (fault === undefined) return description;
  throw new ContractError('InvalidDocument', `${source} is not valid: ${fault}`, { details: { source, fault } });
}

/** What a schema cannot say. */
function faultOf({ address, tls, caFile, tokenFile, inputs, outputs, ...rest }: RemoteModel): string | undefined {
  if (Number(/\d+$/.exec(address)?.[0]) > 65_535) return `$.address: expected HOST:PORT, found "${address}"`;
  if (caFile !== undefined && tls !== true) return '$.caFile: it is given, but "tls" is not true';
  if (tokenFile !== undefined && tls !== true && !isThisMachine(address)) {
    return `$.tokenFile: without "tls" the token would travel in clear to ${address}`;
  }
  if (rest.model.signature !== undefined && rest.protocol !== 'tensorflow-serving') {
    return '$.model.signature: only tensorflow-serving has signatures';
  }
  for (const [key, tensors] of Object.entries({ inputs, outputs })) {
    for (const [i, { name, datatype, encoding }] of tensors.entries()) {
      if (tensors.findIndex((other) => other.name === name) !== i)
        return `$.${key}[${i}].name: "${name}" stands there twice`;
      if (encoding !== undefined && datatype !== 'BYTES')
        return `$.${key}[${i}].encoding: only BYTES has one, not ${datatype}`;
    }
  }
  return undefined;
}

/** Tokens go without TLS to this machine only. */
function isThisMachine(address: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]):\d+$/.test(address);
}
