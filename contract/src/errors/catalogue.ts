import { batchErrors } from './batch.ts';
import { cliErrors } from './cli.ts';
import { clientErrors } from './client.ts';
import { collectionErrors } from './collection.ts';
import { contractErrors } from './contract.ts';
import { deployersErrors } from './deployers.ts';
import { driftErrors } from './drift.ts';
import { edgeErrors } from './edge.ts';
import { engineErrors } from './engine.ts';
import { iothubErrors } from './iothub.ts';
import { manifestsErrors } from './manifests.ts';
import { modelsErrors } from './models.ts';
import { packagerErrors } from './packager.ts';
import { scorerErrors } from './scorer.ts';
import { simulatorErrors } from './simulator.ts';
import { telemetryErrors } from './telemetry.ts';
import { tuneErrors } from './tune.ts';
import { webErrors } from './web.ts';
import { workspaceErrors } from './workspace.ts';
import type { ErrorEntry } from './entry.ts';

/**
 * Every error code of edgewright, by the workspace that throws it. This one table says what a code means, whose fault it
 * is, and with which HTTP status an endpoint answers; the exit code of the command follows from the fault.
 */
export const errorCatalogue = {
  batch: batchErrors,
  cli: cliErrors,
  client: clientErrors,
  collection: collectionErrors,
  contract: contractErrors,
  deployers: deployersErrors,
  drift: driftErrors,
  edge: edgeErrors,
  engine: engineErrors,
  iothub: iothubErrors,
  manifests: manifestsErrors,
  models: modelsErrors,
  packager: packagerErrors,
  scorer: scorerErrors,
  simulator: simulatorErrors,
  telemetry: telemetryErrors,
  tune: tuneErrors,
  web: webErrors,
  workspace: workspaceErrors,
} as const satisfies Record<string, Record<string, ErrorEntry>>;

export type ErrorArea = keyof typeof errorCatalogue;

/** The codes that one workspace may throw. */
export type ErrorCodeOf<Area extends ErrorArea> = Extract<keyof (typeof errorCatalogue)[Area], string>;

export type ErrorCode = { [Area in ErrorArea]: ErrorCodeOf<Area> }[ErrorArea];
