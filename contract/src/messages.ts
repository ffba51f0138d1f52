import Type from 'typebox';
import type { Static } from 'typebox';

/** Input and output names of the scorer module: Azure ML's message contract, and one output for what could not be scored. */
export const scorerEndpoints = {
  /** Where Azure ML's module takes messages. The scorer takes them on every input. */
  input: 'amlInput',
  output: 'amlOutput',
  error: 'amlError',
} as const;

/** Application properties that the scorer puts on its output messages, beside those of the input, which it carries over. */
export const scorerProperties = {
  modelName: 'modelName',
  modelVersion: 'modelVersion',
  backend: 'backend',
  /** Milliseconds from taking the message to having its result, with three decimals. */
  scoringMs: 'scoringMs',
  /** Azure ML's own mark of a scored message: `OK`. */
  azureMlResponse: 'AzureMLResponse',
  /** The message id of the input; the output's own is derived from it and from the model's version. */
  inputMessageId: 'inputMessageId',
  /** `cloud` on results of the fallback; edge results do not have it. */
  scoredBy: 'scoredBy',
  /** Why the cloud was asked: error, timeout, queueFull or confidence. */
  fallbackReason: 'fallbackReason',
} as const;

/** The largest message that edgeHub and IoT Hub take: body and properties together, in bytes. */
export const MAX_MESSAGE_BYTES = 262_144;

/** The body of a message on the error output. */
export const ScoringErrorSchema = Type.Object(
  {
    code: Type.String(),
    message: Type.String(),
    modelName: Type.Optional(Type.String()),
    modelVersion: Type.Optional(Type.String()),
    inputName: Type.String(),
    messageId: Type.Optional(Type.String()),
    correlationId: Type.Optional(Type.String()),
  },
  { $id: 'https://edgewright.dev/schemas/scoring-error.json', title: 'body of a message on amlError' },
);

export type ScoringError = Static<typeof ScoringErrorSchema>;
