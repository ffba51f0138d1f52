export { EdgeError } from './edge-error.ts';
export { defaultEdgeSettings } from './edge-settings.ts';
export type { EdgeSettings } from './edge-settings.ts';
export { runEdgeModule } from './run-edge-module.ts';
export type { EdgeModuleOptions } from './run-edge-module.ts';
