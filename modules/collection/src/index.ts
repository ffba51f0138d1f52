export { CollectionError } from './collection-error.ts';
export type { CollectionHost } from './collector/collection-host.ts';
export type { CollectionLoss, CollectionTotals } from './collector/collection-figures.ts';
export { DataCollector } from './collector/data-collector.ts';
export type { DataCollectorOptions } from './collector/data-collector.ts';
export type { CollectionSecret } from './keeping/destination.ts';
