import type { Engine, EngineDescription, LoadedModel } from '@edgewright/engine';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { WebError } from '../web-error.ts';
import { readOip } from './read-payload.ts';
import type { Answer } from './score-route.ts';

/** The names by which the Open Inference Protocol knows the formats of models: `<project>_<format>`. */
const PLATFORMS: Readonly<Record<EngineDescription['backend'], string>> = {
  onnx: 'onnx_onnxv1',
  wasm: 'onnx_onnxv1',
  tfjs: 'tensorflowjs_model',
  fpga: 'edgewright_remote',
};

interface ModelPath {
  readonly model: string;
  readonly version?: string;
}

/** The REST part of the Open Inference Protocol ("v2"), with its binary tensor data extension. Models are run as they are. */
export function addOipRoutes(
  server: FastifyInstance,
  engine: Engine,
  { answer, version }: { readonly answer: Answer; readonly version: string },
): void {
  // prettier-ignore
  const about = { name: 'edgewright', version, extensions: ['binary_tensor_data'] };
  for (const path of ['/v2', '/v2/']) server.get(path, (_request, reply) => reply.send(about));
  server.get('/v2/health/live', (_request, reply) => reply.send({ live: true }));
  server.get('/v2/health/ready', (_request, reply) => reply.send({ ready: true }));
  for (const base of ['/v2/models/:model', '/v2/models/:model/versions/:version']) {
    server.get(base, (request, reply) => {
      const description = engine.describe();
      const model = modelAt(request, description);
      const { inputs, outputs } = model.signature;
      return reply.send({
        name: model.name,
        versions: [String(model.version)],
        platform: PLATFORMS[description.backend],
        inputs,
        outputs,
      });
    });
    server.get(`${base}/ready`, (request, reply) => {
      const { name } = modelAt(request, engine.describe());
      return reply.send({ name, ready: true });
    });
    server.post(`${base}/infer`, (request, reply): Promise<FastifyReply> =>
      answer(request, reply, () => readOip(request, modelAt(request, engine.describe()))),
    );
  }
}

/**
 * The model that a path names.
 *
 * @throws WebError `ModelUnknown`
 */
function modelAt(request: FastifyRequest, { models }: EngineDescription): LoadedModel {
  const { model: name, version } = request.params as ModelPath;
  const found = models.find(
    (model) => model.name === name && (version === undefined || String(model.version) === version),
  );
  if (found !== undefined) return found;
  const known = models.map((model) => `${model.name}:${model.version}`);
  const wanted = version === undefined ? name : `${name}:${version}`;
  throw new WebError('ModelUnknown', `there is no model "${wanted}"; there is ${known.join(', ')}`, { details: { model: wanted, known } }); // prettier-ignore
}
