export type { AgentTimings } from './agent/agent-timings.ts';
export { makeDeviceAuthority } from './certificates/device-authority.ts';
export type { DeviceAuthorityFiles, DeviceAuthorityRequest } from './certificates/device-authority.ts';
export { connectSimulator } from './connect-simulator.ts';
export type { ModuleState } from './agent/module-state.ts';
export type { DevelopmentInfo, DevelopmentOptions } from './development/development-options.ts';
export { readSetup, writeSetup } from './development/device-setup.ts';
export type { DeviceSetup } from './development/device-setup.ts';
export type { EdgeHubTimings } from './edgehub/edge-hub-timings.ts';
export type { MethodCall, MethodResult } from './hub/direct-method.ts';
export type { ConnectionState } from './hub/identity.ts';
export type { Fault, FaultKind, FaultRequest } from './faults/fault.ts';
export { lastingFaults, suddenFaults } from './faults/fault.ts';
export type { Acknowledgement, Feedback } from './hub/cloud-message.ts';
export type { TelemetryFilter, TelemetryRecord } from './hub/telemetry-record.ts';
export type { ThrottleRequest } from './hub/throttle.ts';
export type { OutgoingMessage } from './sending/outgoing-message.ts';
export type { SendResult } from './sending/send-messages.ts';
export type {
  CloudMessageRequest,
  CreatedDevice,
  CreateDeviceRequest,
  ModuleCredentials,
  ReplayRequest,
  ReplayResult,
  SendRequest,
  Simulator,
  SimulatedDevice,
  SimulatedModule,
  SimulatorClient,
  SimulatorInfo,
  WaitForModuleRequest,
} from './simulator-client.ts';
export { SimulatorError } from './simulator-error.ts';
export { startSimulator } from './simulator.ts';
export type { SimulatorOptions } from './simulator.ts';
