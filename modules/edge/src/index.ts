export { EdgeError } from './edge-error.ts';
export type { EdgeModuleOptions } from './edge-module-options.ts';
export { defaultEdgeSettings } from './edge-settings.ts';
export type { EdgeSettings } from './edge-settings.ts';
export type { CreateClient } from './hub/hub-session.ts';
export { isSignedBy, readModelKey } from './model-update/model-signature.ts';
export { ModelSlot } from './model-update/model-slot.ts';
export type { ImageModels, ModelSlotOptions } from './model-update/model-slot.ts';
export { runEdgeModule } from './run-edge-module.ts';
