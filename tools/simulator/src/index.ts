export { SimulatorError } from './simulator-error.ts';
