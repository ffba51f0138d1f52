export { DriftError } from './drift-error.ts';
export { DriftMonitor } from './drift-monitor.ts';
export type { DriftListener, DriftMonitorOptions } from './drift-monitor.ts';
export { hasRows, inputFeatures, outputFeatures, rowWidth } from './feature-layout.ts';
export type { TensorFeature } from './feature-layout.ts';
export { readBaseline } from './read-baseline.ts';
export { categoryText, rowsOfJson, rowsOfTensors, valueIn } from './row-view.ts';
export type { RowView } from './row-view.ts';
