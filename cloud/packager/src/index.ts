export { PackagerError } from './packager-error.ts';
