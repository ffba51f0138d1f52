export { TelemetryError } from './telemetry-error.ts';
