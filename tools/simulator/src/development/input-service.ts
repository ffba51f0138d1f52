import { checkDocument, isEdgewrightError, messageOf } from '@edgewright/contract';
import type { EventSink } from '@edgewright/contract';
import Type from 'typebox';
import type { JsonReply } from '../http/json-route.ts';
import { startJsonService } from '../http/json-service.ts';
import { ModuleSender } from '../sending/module-sender.ts';
import { sendMessages } from '../sending/send-messages.ts';
import { SimulatorError } from '../simulator-error.ts';

const PATH = '/api/v1/messages';
/** As large as a message may be, and what JSON adds to it. */
const MAX_BODY_BYTES = 1024 * 1024;

const MessageSchema = Type.Object({
  inputName: Type.String({ minLength: 1 }),
  data: Type.Unknown(),
  properties: Type.Optional(Type.Record(Type.String(), Type.String())),
});

export interface InputServiceOptions {
  /** The inputs that messages may be for. */
  readonly inputs: readonly string[];
  /** Of the module that the messages come from. */
  readonly connectionString: string;
  /** PEM. */
  readonly ca: string;
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly emit: EventSink;
}

export interface InputService extends AsyncDisposable {
  readonly url: string;
}

/**
 * Takes messages for the inputs of a module under test: `POST /api/v1/messages` with `{"inputName", "data"}`, as
 * iotedgehubdev does it. The answer, 202, comes when edgeHub has the message.
 *
 * @throws SimulatorError `SimulatorPortInUse`
 */
export async function startInputService(options: InputServiceOptions): Promise<InputService> {
  const { inputs, host, port, emit } = options;
  await using opened = new AsyncDisposableStack();
  const connection = opened.use(new InputConnection(options));
  const service = opened.use(
    await startJsonService({
      purpose: 'the service for test messages',
      routes: [
        {
          method: 'POST',
          path: PATH,
          handle: async ({ body }): Promise<JsonReply> => {
            const { inputName, data, properties } = checkDocument(MessageSchema, body, 'the request body');
            if (!inputs.includes(inputName)) throw unknownInput(inputName, inputs);
            await connection.send(inputName, data, properties);
            return { status: 202 };
          },
        },
      ],
      host,
      port,
      maxBodyBytes: MAX_BODY_BYTES,
      // as with iotedgehubdev, whoever is on this machine may post
      authorize: () => {},
      failure: (error) => {
        const known = isEdgewrightError(error)
          ? error
          : new SimulatorError('SimulatorFailed', `the message was not sent: ${messageOf(error)}`, { cause: error });
        if (known.fault === 'self') emit({ stage: 'simulator.input', state: 'failed', text: known.message });
        return { status: known.httpStatus, body: { error: known.toJSON() } };
      },
    }),
  );
  const parts = opened.move();
  const address = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${address}:${service.port}${PATH}`,
    [Symbol.asyncDispose]: async () => await parts.disposeAsync(),
  };
}

/** Keeps a connection as long as it is good; a message over a broken one goes over a new one. */
class InputConnection implements AsyncDisposable {
  readonly #options: InputServiceOptions;
  #sender: Promise<ModuleSender> | undefined;

  constructor(options: InputServiceOptions) {
    this.#options = options;
  }

  async send(output: string, body: unknown, properties: Readonly<Record<string, string>> | undefined): Promise<void> {
    const { connectionString, ca } = this.#options;
    const message = { body, output, ...(properties !== undefined && { properties }) };
    this.#sender ??= ModuleSender.open({ connectionString, ca, output });
    const used = this.#sender;
    try {
      await (await used).send(message);
    } catch {
      if (this.#sender === used) this.#sender = undefined;
      await used.then((sender) => sender[Symbol.asyncDispose]()).catch(() => {});
      await sendMessages({ connectionString, ca, output, messages: [message] });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sender?.then((sender) => sender[Symbol.asyncDispose]()).catch(() => {});
  }
}

function unknownInput(inputName: string, inputs: readonly string[]): SimulatorError {
  return new SimulatorError(
    'SimulatorRequestInvalid',
    `cannot send to the input "${inputName}": the simulator was started with the inputs ${inputs.join(', ')}`,
    { details: { inputName, inputs: [...inputs] } },
  );
}
