import type { MlflowStore } from './mlflow-store.ts';
import { RunFolder } from './run-folder.ts';
import { TrackingServer } from './tracking-server.ts';
import type { TrackingServerOptions } from './tracking-server.ts';

/**
 * Where MLflow keeps runs.
 *
 * @param place `http://…` or `https://…` of a tracking server, else the folder `mlruns` (also as `file:…`)
 */
export function openMlflowStore(place: string, options: TrackingServerOptions = {}): MlflowStore {
  if (/^https?:\/\//.test(place)) return new TrackingServer(place, options);
  return new RunFolder(place.replace(/^file:(?:\/\/)?/, ''));
}
