import type { BackendChoice, ExecutionProvider } from '@edgewright/contract';
import type { BackendName, LoadedModel } from '../engine.ts';
import type { EngineModel, ImageSettings } from '../engine-options.ts';
import type { ScriptSurroundings } from '../entry/mini-batch.ts';
import type { ScriptDescription } from '../entry/script-description.ts';
import type { ClassPlan } from '../images/classify.ts';

/** What a unit loads. Crosses threads, so it is plain data. */
export interface UnitConfig {
  readonly models: readonly EngineModel[];
  readonly entryScript?: string;
  readonly scriptSurroundings?: ScriptSurroundings;
  readonly modelDirectory: string;
  readonly backend: BackendChoice;
  readonly executionProviders?: readonly ExecutionProvider[];
  readonly threads: number;
  readonly tensorElements: number;
  readonly imagePixels: number;
  /** What was declared of images and classes. */
  readonly images?: ImageSettings;
}

/** What a unit found out while it loaded. Plain data. */
export interface UnitDescription {
  readonly models: readonly LoadedModel[];
  readonly backend: BackendName;
  readonly backendReason: string;
  /** True when images can be scored without an entry script. */
  readonly images: boolean;
  /** How scores become classes, when that was declared. */
  readonly classes?: ClassPlan;
  /** What the entry script says of itself; absent when there is none. */
  readonly script?: ScriptDescription;
}
