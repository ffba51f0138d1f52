import type { EventSink } from '@edgewright/contract';
import type { LogLine } from './module-log.ts';

/** Reports a line of a module's output. */
export type ModuleOutput = (moduleId: string, line: LogLine) => void;

/** Output as events, one for each line: `MODULE | TEXT`, as `docker compose logs` shows it. */
export function moduleOutput(deviceId: string, emit: EventSink): ModuleOutput {
  return (moduleId, { stream, text }) =>
    emit({
      stage: 'module.output',
      state: 'note',
      text: `${moduleId} | ${text}`,
      data: { deviceId, moduleId, stream },
    });
}
