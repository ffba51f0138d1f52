import { messageOf } from '@edgewright/contract';
import type { Logger } from '@edgewright/telemetry';
import type { TwinProperties } from 'azure-iot-device';
import { readScorerSettings } from '../scorer-settings.ts';
import type { ScorerSettings } from '../scorer-settings.ts';
import { DesiredProperties } from './desired-properties.ts';
import type { TwinDocument } from './desired-properties.ts';

/** After a twin that could not be read, how long to wait before the next try. */
const RETRY_MS = 30_000;

/** Where the whole twin is read. */
export interface TwinReader {
  fetchTwin(): Promise<TwinProperties>;
}

export interface SettingsSyncOptions {
  readonly logger: Logger;
  /** Makes settings effective. A throw refuses them, and the former ones stay in force. */
  apply(settings: ScorerSettings): void | Promise<void>;
  applied(desiredVersion: number): void;
  refused(desiredVersion: number, error: unknown): void;
}

/** Follows the desired properties: reads them at the beginning of each session, takes patches, and applies what is valid. */
export class SettingsSync implements Disposable {
  readonly #options: SettingsSyncOptions;
  readonly #desired = new DesiredProperties();
  #reader: TwinReader | undefined;
  #retry: NodeJS.Timeout | undefined;
  #current: Promise<void> = Promise.resolve();

  constructor(options: SettingsSyncOptions) {
    this.#options = options;
  }

  /** A session began. Resolves when its twin was read and applied, or could not be read for now. Never rejects. */
  async attach(reader: TwinReader): Promise<void> {
    this.#reader = reader;
    await this.#load(reader);
  }

  detach(): void {
    this.#reader = undefined;
    clearTimeout(this.#retry);
  }

  /** A patch came. */
  changed(patch: TwinDocument): void {
    const reader = this.#reader;
    const outcome = this.#desired.patch(patch);
    if (outcome === 'applied') void this.#apply();
    // a first read that is still under way brings this patch along
    else if (outcome === 'gap' && reader !== undefined) void this.#load(reader);
  }

  [Symbol.dispose](): void {
    this.detach();
  }

  async #load(reader: TwinReader): Promise<void> {
    clearTimeout(this.#retry);
    try {
      const twin = await reader.fetchTwin();
      if (this.#reader !== reader) return;
      this.#desired.load(twin.desired ?? {});
      await this.#apply();
    } catch (error) {
      if (this.#reader !== reader) return;
      this.#options.logger.warn({ reason: messageOf(error) }, 'the twin could not be read; the former settings stay');
      this.#retry = setTimeout(() => void this.#load(reader), RETRY_MS).unref();
    }
  }

  /** One at a time, so that the last document wins. */
  #apply(): Promise<void> {
    this.#current = this.#current.then(async () => {
      const { document, version } = this.#desired;
      if (document === undefined) return;
      try {
        await this.#options.apply(readScorerSettings(document));
        this.#options.applied(version);
      } catch (error) {
        this.#options.logger.error({ err: error, desiredVersion: version }, 'the desired properties are refused');
        this.#options.refused(version, error);
      }
    });
    return this.#current;
  }
}
