export { completeDeploymentConfig } from './config/complete-deployment-config.ts';
export type {
  AciSettings,
  AksSettings,
  DeploymentSettings,
  LocalSettings,
} from './config/complete-deployment-config.ts';
export { DeployersError } from './deployers-error.ts';
