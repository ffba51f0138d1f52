/**
 * What the parts of edgewright report while they work. They never print: the command renders these events for people, and
 * tests and other programs read them. Only `stage`, `state` and `data` are promised; `text` may change.
 */
export interface ProgressEvent {
  /** The step, such as `model.register` or `image.layer`. */
  readonly stage: string;
  readonly state: 'started' | 'progress' | 'done' | 'failed' | 'note';
  /** A sentence for people. */
  readonly text: string;
  /** How far the step is, of `total`, in the step's own unit. */
  readonly completed?: number;
  readonly total?: number;
  /** Facts about the step, serialisable as JSON. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Takes progress events. Must not throw. */
export type EventSink = (event: ProgressEvent) => void;

/** A sink for callers that do not want events. */
export const discardEvents: EventSink = () => {};
