import { promisify } from 'node:util';
import * as grpc from '@grpc/grpc-js';
import { onTestFinished } from 'vitest';

/** A unary call; rejects with grpc-js's ServiceError. */
export type GrpcMethod = (
  request: object,
  options?: { readonly headers?: Readonly<Record<string, string>>; readonly deadlineMs?: number },
) => Promise<Readonly<Record<string, unknown>>>;

type Callback = (
  request: object,
  metadata: grpc.Metadata,
  options: object,
  done: (error: Error | null, answer: unknown) => void,
) => void;

function anyCall(
  client: grpc.Client,
  { path, requestSerialize, responseDeserialize }: grpc.MethodDefinition<object, object>,
) {
  return async (request: object, headers: Readonly<Record<string, string>>): Promise<object> => {
    const metadata = new grpc.Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, (error, answer) =>
        error === null ? resolve(answer ?? {}) : reject(error),
      );
    });
  };
}

/** Calls to a host with grpc-js's client; its connections are closed when the test is over. */
export function grpcClient(
  { services }: { readonly services: Readonly<Record<'inference' | 'health', grpc.ServiceDefinition>> },
  port: number,
  credentials: grpc.ChannelCredentials = grpc.credentials.createInsecure(),
) {
  const clientOf = (service: grpc.ServiceDefinition) => {
    const client = new (grpc.makeGenericClientConstructor(service, 'Service'))(`localhost:${port}`, credentials);
    onTestFinished(() => client.close());
    return client;
  };
  const unary =
    (client: grpc.Client, method: string): GrpcMethod =>
    async (request, { headers = {}, deadlineMs = 30_000 } = {}) => {
      const call = (client as unknown as Record<string, Callback>)[method] as Callback;
      const metadata = new grpc.Metadata();
      for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
      const answer = await promisify<object, grpc.Metadata, object, unknown>(call.bind(client))(request, metadata, { deadline: Date.now() + deadlineMs });
      return answer as Readonly<Record<string, unknown>>;
    }; // prettier-ignore
  const inference = clientOf(services.inference);
  const health = clientOf(services.health);
  return {
    /** Any call, streams included, of which the first answer is taken. */
    method: (name: string) => anyCall(inference, services.inference[name] as grpc.MethodDefinition<object, object>),
    infer: unary(inference, 'ModelInfer'),
    metadata: unary(inference, 'ServerMetadata'),
    live: unary(inference, 'ServerLive'),
    check: unary(health, 'Check'),
    /** The states that the service has, one after the other. */
    watch: (service: string): grpc.ClientReadableStream<{ readonly status: string }> =>
      (health as unknown as { Watch: (request: object) => grpc.ClientReadableStream<{ status: string }> }).Watch({ service }),
  }; // prettier-ignore
}

/** `count` rows of three numbers for the affine model, as a `ModelInferRequest`. */
export function inferRequest(rows: readonly (readonly number[])[] = [[1, 2, 3]]) {
  const input = { name: 'x', datatype: 'FP32', shape: [String(rows.length), '3'] };
  const raw = Buffer.from(Float32Array.from(rows.flat()).buffer);
  return { model_name: 'tiny', inputs: [input], raw_input_contents: [raw] };
}
