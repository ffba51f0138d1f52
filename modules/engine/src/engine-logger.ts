/** Facts first, then a sentence for people: the form of pino, so a pino logger fits. */
export type LogFunction = (facts: Readonly<Record<string, unknown>>, text: string) => void;

/** Where the engine and entry scripts log. Every pino logger is one. */
export interface EngineLogger {
  readonly debug: LogFunction;
  readonly info: LogFunction;
  readonly warn: LogFunction;
  readonly error: LogFunction;
}
