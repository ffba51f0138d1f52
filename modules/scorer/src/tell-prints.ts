import type { EngineLogger } from '@edgewright/engine';
import type { Tracing } from '@edgewright/telemetry';

/**
 * The engine's logger, with a second listener: a line that an entry script prints becomes an entry `STDOUT` or `STDERR`, as Azure ML has
 * them, with the line as `Content`. A line of JSON keeps its form.
 */
export function tellPrints(logger: EngineLogger, tracing: Tracing | undefined): EngineLogger {
  if (tracing === undefined) return logger;
  return {
    debug: (facts, text) => logger.debug(facts, text),
    info: (facts, text) => {
      logger.info(facts, text);
      if (facts['event'] !== 'engine.worker.print') return;
      const body = facts['stream'] === 'stderr' ? 'STDERR' : 'STDOUT';
      tracing.log({ body, attributes: { Content: contentOf(text), worker: facts['worker'] } });
    },
    warn: (facts, text) => logger.warn(facts, text),
    error: (facts, text) => logger.error(facts, text),
  };
}

function contentOf(line: string): unknown {
  if (!/^\s*[{[]/.test(line) || line.length > 8_192) return line;
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return line;
  }
}
