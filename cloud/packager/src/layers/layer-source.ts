import type { LayerRole } from '../image-summary.ts';
import type { TarEntry } from './tar-entry.ts';

/** How a layer is kept and sent. */
export type LayerCompression = 'gzip' | 'zstd' | 'none';

/** A layer that can be written, and by what it is known before it is. */
export interface LayerSource {
  readonly role: Exclude<LayerRole, 'base'>;
  /** For people: `onnxruntime-node 1.30.0`, `diabetes:1`. */
  readonly title: string;
  /**
   * Everything that the layer's bytes depend on. The same key stands for the same layer, so one that was written before need
   * not be written again.
   */
  readonly key: unknown;
  readonly compression: LayerCompression;
  /** Called only when the layer has to be written. */
  readonly entries: () => Promise<readonly TarEntry[]>;
}
