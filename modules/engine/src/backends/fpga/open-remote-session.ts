import path from 'node:path';
import { isEdgewrightError, messageOf, parseRemoteModel } from '@edgewright/contract';
import type { ModelSignature, RemoteModel, RemoteTensor, TensorSpec } from '@edgewright/contract';
import { EngineError } from '../../engine-error.ts';
import type { EngineModel } from '../../engine-options.ts';
import type { Session } from '../backend.ts';
import { notLoadable } from '../not-loadable.ts';
import { openInference } from './open-inference.ts';
import { openRemoteClient } from './remote-client.ts';
import type { RemoteFiles } from './remote-client.ts';
import { readSmallFile, readToken } from './remote-token.ts';
import type { GrpcRuntime } from './runtime.ts';
import { tensorflowServing } from './tensorflow-serving.ts';

const protocols = { 'tensorflow-serving': tensorflowServing, 'open-inference': openInference } as const;

/**
 * Opens a description of a remote model. The server is not asked: an FPGA that is being flashed answers minutes later.
 *
 * @throws EngineError `ModelNotLoadable`
 */
export async function openRemoteSession(runtime: GrpcRuntime, model: EngineModel): Promise<Session> {
  const description = await readDescription(model);
  const files = await readFiles(model, description);
  const protocol = protocols[description.protocol];
  const client = openRemoteClient({ runtime, protocol, description, files });
  return {
    signature: signatureOf(description),
    leftOut: [],
    run: async (inputs) => {
      try {
        return protocol.decode(description, await client.call(protocol.encode(description, inputs)));
      } catch (cause) {
        if (isEdgewrightError(cause)) throw cause;
        throw new EngineError('ScoringFailed', `${model.name}:${model.version} failed while running: ${messageOf(cause)}`, {
          details: { model: model.name, version: model.version, backend: 'fpga' },
          cause,
        }); // prettier-ignore
      }
    },
    release: async () => client.close(),
  };
}

async function readDescription(model: EngineModel): Promise<RemoteModel> {
  try {
    return parseRemoteModel((await readSmallFile(model.path)).toString('utf8'), path.basename(model.path));
  } catch (cause) {
    throw notLoadable(model, messageOf(cause), cause);
  }
}

/** Reads what the description names, so that a file that is missing is found out now and not by the first request. */
async function readFiles(model: EngineModel, { caFile, tokenFile }: RemoteModel): Promise<RemoteFiles> {
  const inFolder = (file: string): string => path.resolve(path.dirname(model.path), file);
  try {
    if (tokenFile !== undefined) await readToken(inFolder(tokenFile));
    return {
      ca: caFile === undefined ? undefined : await readSmallFile(inFolder(caFile)),
      tokenFile: tokenFile === undefined ? undefined : inFolder(tokenFile),
    };
  } catch (cause) {
    throw notLoadable(model, messageOf(cause), cause);
  }
}

function signatureOf({ inputs, outputs }: RemoteModel): ModelSignature {
  const plain = ({ name, datatype, shape }: RemoteTensor): TensorSpec => ({ name, datatype, shape: [...shape] });
  return { inputs: inputs.map(plain), outputs: outputs.map(plain) };
}
