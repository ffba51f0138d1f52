import type { JsonSchema } from '../schema/json-schema.ts';

/** What an entry script says of itself. Plain data. */
export interface ScriptDescription {
  /** True when it wants requests as they came over HTTP. */
  readonly raw: boolean;
  /** Of what it declares to take and to give. */
  readonly input?: JsonSchema;
  readonly output?: JsonSchema;
}
