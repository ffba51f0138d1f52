export { connectHub } from './connect-hub.ts';
export type { ConnectHubOptions, Hub, HubDevice, HubTwin } from './connect-hub.ts';
export { IotHubError } from './iothub-error.ts';
