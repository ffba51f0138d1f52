import type { Model } from '@edgewright/contract';

/** A registered model and the folder that holds its files. */
export interface PackagedModel {
  readonly model: Model;
  readonly directory: string;
}
