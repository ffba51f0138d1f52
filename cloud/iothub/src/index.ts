export { connectHub } from './connect-hub.ts';
export type { ConnectHubOptions, HubLogin } from './connect-hub.ts';
export { entraCredential } from './entra-credential.ts';
export type {
  DeploymentContent,
  DeploymentSettings,
  HubDeployment,
  HubDeployments,
  NewDeployment,
} from './hub-deployments.ts';
export type { Hub, HubDevice, HubTwin, MethodAnswer, MethodCall, TwinChange, TwinName } from './hub.ts';
export { IotHubError } from './iothub-error.ts';
export { moduleLogs } from './module-logs.ts';
export type { ModuleLog, ModuleLogsRequest } from './module-logs.ts';
export { reviseDeployment } from './revise-deployment.ts';
export type { Revision } from './revise-deployment.ts';
export { applyTags, planTags } from './tag-devices.ts';
export type { PlannedTags, TagChange, TagOutcome, TagRequest } from './tag-devices.ts';
export { watchFleet } from './watch-fleet.ts';
export type { ModuleNews, WatchOptions } from './watch-fleet.ts';
export { configurationChange } from './plan/configuration-change.ts';
export type {
  ConfigurationChange,
  ImageLayer,
  ImageLayers,
  ImagePull,
  ModuleChange,
  RouteChange,
} from './plan/configuration-change.ts';
export type { EffectiveConfiguration, PlannedDeployment } from './plan/effective-configuration.ts';
export { configurationOf, planFleet } from './plan/plan-fleet.ts';
export type { FleetPlan, FleetPlanInput, PlanGroup, PlannedDevice } from './plan/plan-fleet.ts';
export { configurationOfContent, configurationOfDevice, planChange } from './plan/plan-hub.ts';
export type { PlannedChange } from './plan/plan-hub.ts';
export { compileCondition } from './plan/target-condition.ts';
export type { TargetCondition } from './plan/target-condition.ts';
export { approveRing, askRollout } from './rollouts/ask-rollout.ts';
export { assignRings } from './rollouts/assign-rings.ts';
export type { GateValue } from './rollouts/check-gates.ts';
export { openRolloutStore } from './rollouts/open-rollout-store.ts';
export type { OpenRolloutStoreOptions } from './rollouts/open-rollout-store.ts';
export { driveRollout } from './rollouts/rollout-controller.ts';
export type { DriveOptions } from './rollouts/rollout-controller.ts';
export type {
  AuditEntry,
  DevicePast,
  RingCounts,
  RingLook,
  RolloutChange,
  RolloutDevice,
  RolloutRecord,
  RolloutState,
  RolloutWish,
} from './rollouts/rollout-record.ts';
export type { RolloutLock, RolloutStore } from './rollouts/rollout-store.ts';
export { rolloutView } from './rollouts/rollout-view.ts';
export type { GateSeries, RingStatus, RolloutView } from './rollouts/rollout-view.ts';
export { isOver, watchRollout } from './rollouts/watch-rollout.ts';
export type { WatchRolloutOptions } from './rollouts/watch-rollout.ts';
export { serveRolloutPage } from './rollouts/page/serve-rollout-page.ts';
export type { RolloutPage, RolloutPageOptions } from './rollouts/page/serve-rollout-page.ts';
export { SqliteRolloutStore } from './rollouts/sqlite-rollout-store.ts';
export { keepRollout, prepareRollout } from './rollouts/start-rollout.ts';
export type { PreparedRollout, StartRolloutInput } from './rollouts/start-rollout.ts';
