import { readFileSync } from 'node:fs';
import path from 'node:path';
import { checkDocument, parseJson } from '@edgewright/contract';
import Type from 'typebox';
import { SimulatorError } from '../simulator-error.ts';
import { writePrivateFile } from '../state/write-private-file.ts';

/** The edge device that is developed with when nobody has named another one. */
const DEFAULT_DEVICE = 'edge-device';

const SetupSchema = Type.Object(
  {
    deviceId: Type.String({ minLength: 1 }),
    primaryKey: Type.Optional(Type.String()),
    host: Type.Optional(Type.String({ minLength: 1 })),
  },
  { additionalProperties: false },
);

/** Which edge device a developer works with. */
export interface DeviceSetup {
  readonly deviceId: string;
  /** Base64. A secret. */
  readonly primaryKey?: string;
  /** The name under which modules reach the device. */
  readonly host?: string;
}

/** What `sim setup` was told: the device of a connection string, and the gateway's name. Kept in the state folder. */
export function writeSetup(
  stateDirectory: string,
  { connectionString, host }: { readonly connectionString?: string | undefined; readonly host?: string | undefined },
): DeviceSetup {
  const device = connectionString === undefined ? { deviceId: DEFAULT_DEVICE } : deviceOf(connectionString);
  const setup: DeviceSetup = { ...device, ...(host !== undefined && { host: host.toLowerCase() }) };
  writePrivateFile(fileIn(stateDirectory), `${JSON.stringify(setup, undefined, 2)}\n`);
  return setup;
}

/**
 * Reads it; the usual device when there is no setup.
 *
 * @throws SimulatorError `SimulatorRequestInvalid`, ContractError for a file that is not one
 */
export function readSetup(stateDirectory: string): DeviceSetup & { readonly file?: string } {
  const file = fileIn(stateDirectory);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'ENOENT') return { deviceId: DEFAULT_DEVICE };
    throw new SimulatorError('SimulatorRequestInvalid', `cannot read the setup ${file}`, { details: { file }, cause });
  }
  return { ...checkDocument(SetupSchema, parseJson(text, file), file), file };
}

function deviceOf(connectionString: string): DeviceSetup {
  const fields = new Map(
    connectionString.split(';').map((part): [string, string] => {
      const equals = part.indexOf('=');
      return [part.slice(0, equals).trim(), part.slice(equals + 1).trim()];
    }),
  );
  const deviceId = fields.get('DeviceId') ?? '';
  const primaryKey = fields.get('SharedAccessKey') ?? '';
  if (deviceId !== '' && primaryKey !== '' && !fields.has('ModuleId')) return { deviceId, primaryKey };
  // the string itself holds a key and so is not repeated
  throw new SimulatorError(
    'SimulatorRequestInvalid',
    'cannot set up the device: the connection string is not a device\'s, "HostName=…;DeviceId=…;SharedAccessKey=…"',
    { details: { has: [...fields.keys()] } },
  );
}

function fileIn(stateDirectory: string): string {
  return path.join(stateDirectory, 'setup.json');
}
