export { WorkspaceError } from './workspace-error.ts';
