import { randomUUID } from 'node:crypto';
import { isEdgewrightError, messageOf, scorerProperties } from '@edgewright/contract';
import type { ScoringError } from '@edgewright/contract';
import type { EngineDescription, ScoreResult } from '@edgewright/engine';
import type { OutputNames } from '../scorer-settings.ts';
import { deriveMessageId } from './derive-message-id.ts';
import type { InputMessage, MessageProperties } from './input-message.ts';
import type { OutputMessage } from './output-message.ts';

/** The model that messages are scored with, as it stands on the outputs. */
export interface ScoringModel {
  readonly name: string;
  readonly version: string;
}

/** The model of an engine that stands on its outputs: the first one. */
export function scoringModelOf({ models: [model] }: EngineDescription): ScoringModel {
  if (model === undefined) throw new TypeError('the engine has no model');
  return { name: model.name, version: String(model.version) };
}

const MAX_REASON_LENGTH = 2_000;
/** IoT Hub's limit on identifiers; what is longer is cut where space is short. */
const MAX_ID_LENGTH = 128;
const OWN_PROPERTIES: ReadonlySet<string> = new Set(Object.values(scorerProperties));

/** The messages that carry a result: one for each output of the input's mapping. */
export function composeResults(message: InputMessage, result: ScoreResult, names: OutputNames): OutputMessage[] {
  const model = scoringModelOf(result.engine);
  const body = JSON.stringify(result.value) ?? 'null';
  const properties: MessageProperties = [
    ...carriedOver(message),
    [scorerProperties.modelName, model.name],
    [scorerProperties.modelVersion, model.version],
    [scorerProperties.backend, result.backend],
    [scorerProperties.scoringMs, result.timings.totalMs.toFixed(3)],
    [scorerProperties.azureMlResponse, 'OK'],
    ...inputId(message),
  ];
  return names.outputs.map((outputName) => addressed(message, { outputName, body, properties, model }));
}

/** The messages that carry a result of the cloud. */
export function composeCloudResults(
  message: InputMessage,
  result: { readonly value: unknown; readonly reason: string },
  names: OutputNames,
): OutputMessage[] {
  const body = JSON.stringify(result.value) ?? 'null';
  const properties: MessageProperties = [
    ...carriedOver(message),
    [scorerProperties.scoredBy, 'cloud'],
    [scorerProperties.fallbackReason, result.reason],
    [scorerProperties.azureMlResponse, 'OK'],
    ...inputId(message),
  ];
  const model = { name: '', version: 'cloud' };
  return names.outputs.map((outputName) => addressed(message, { outputName, body, properties, model }));
}

/**
 * The message that says why an input could not be scored.
 *
 * @param options.bare leaves out what the input brought along, for when the message would be too large with it
 */
export function composeError(
  message: InputMessage,
  error: unknown,
  { model, names, bare }: { readonly model: ScoringModel; readonly names: OutputNames; readonly bare?: boolean },
): OutputMessage {
  const source = bare === true ? stripped(message) : message;
  const reason: ScoringError = {
    code: isEdgewrightError(error) ? error.code : 'ScoringFailed',
    message: messageOf(error).slice(0, MAX_REASON_LENGTH),
    modelName: model.name,
    modelVersion: model.version,
    inputName: source.inputName,
    ...(source.messageId === undefined ? {} : { messageId: source.messageId }),
    ...(source.correlationId === undefined ? {} : { correlationId: source.correlationId }),
  };
  const properties: MessageProperties = [
    ...carriedOver(source),
    [scorerProperties.modelName, model.name],
    [scorerProperties.modelVersion, model.version],
    ...inputId(source),
  ];
  return addressed(source, { outputName: names.error, body: JSON.stringify(reason), properties, model });
}

/** A message without what its sender can make large. */
function stripped({ body, inputName, messageId, correlationId }: InputMessage): InputMessage {
  return {
    body,
    inputName: inputName.slice(0, MAX_ID_LENGTH),
    properties: [],
    ...(messageId === undefined ? {} : { messageId: messageId.slice(0, MAX_ID_LENGTH) }),
    ...(correlationId === undefined ? {} : { correlationId: correlationId.slice(0, MAX_ID_LENGTH) }),
  };
}

function addressed(
  message: InputMessage,
  output: { outputName: string; body: string; properties: MessageProperties; model: ScoringModel },
): OutputMessage {
  const { outputName, body, properties, model } = output;
  const correlationId = message.correlationId ?? message.messageId;
  return {
    outputName,
    body,
    properties,
    messageId: outputId(message, outputName, model),
    ...(correlationId === undefined ? {} : { correlationId }),
  };
}

/** Without an id of the input nothing tells two equal messages from one that came twice: then each output is its own. */
function outputId(message: InputMessage, outputName: string, model: ScoringModel): string {
  const { messageId, senderDeviceId = '', senderModuleId = '', inputName } = message;
  if (messageId === undefined) return randomUUID();
  return deriveMessageId([senderDeviceId, senderModuleId, inputName, messageId, model.name, model.version, outputName]);
}

function carriedOver(message: InputMessage): MessageProperties {
  return message.properties.filter(([name]) => !OWN_PROPERTIES.has(name));
}

function inputId({ messageId }: InputMessage): MessageProperties {
  return messageId === undefined ? [] : [[scorerProperties.inputMessageId, messageId]];
}
