/** A message as edgeHub's routes see it. It must not change while it is evaluated against routes: what was read of it is kept. */
export interface RouteMessage {
  /** Where it comes from: one of the paths that {@link messageSource} makes. */
  readonly source: string;
  /** The body's bytes, or its text. */
  readonly body: Uint8Array | string;
  /** Application properties. Their keys are compared without regard to case; null is a property that was sent without a value. */
  readonly properties: Readonly<Record<string, string | null>>;
  /** System properties by their internal names (`contentType`, `connectionModuleId` …), compared without regard to case. */
  readonly systemProperties: Readonly<Record<string, string | null>>;
}

/** The sources that edgeHub gives to messages. Names are taken as they are: no `/` may stand in them. */
export const messageSource = {
  /** Telemetry of a module on a named output. */
  moduleOutput: (module: string, output: string): string => `/messages/modules/${module}/outputs/${output}`,
  /** Telemetry of a module without an output name. */
  module: (module: string): string => `/messages/modules/${module}`,
  /** Telemetry of a leaf device. */
  device: '/messages',
  /** An update of reported properties, of a module or a leaf device. */
  twinChange: '/twinChangeNotifications',
} as const;
