export { WebError } from './web-error.ts';
