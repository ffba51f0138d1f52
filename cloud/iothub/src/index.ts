export { IotHubError } from './iothub-error.ts';
