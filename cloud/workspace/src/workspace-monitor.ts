import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ContractError, messageOf } from '@edgewright/contract';
import type {
  CollectedRow,
  DriftBaseline,
  DriftReport,
  DriftSettingsInput,
  EventSink,
  Model,
} from '@edgewright/contract';
import type { ReportedDevice } from './monitor/report-sections.ts';
import type { HubSelection, WorkspaceEdge } from './workspace-edge.ts';
import { WorkspaceError } from './workspace-error.ts';
import type { WorkspaceModels } from './workspace-models.ts';

/** What a report is about, and where its figures come from. */
export interface ReportInput {
  /** The file to write. */
  readonly output: string;
  /** `NAME` or `NAME:VERSION`: only what was collected of it, compared with its baseline. */
  readonly model?: string;
  /** Folders with collected data, or addresses of Azure Blob Storage, `https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX`. */
  readonly data?: readonly string[];
  /** Files with the text of `/metrics`, and addresses of it. */
  readonly metrics?: readonly string[];
  /** Milliseconds for which addresses are asked again and again, and how often; default once, every 10 seconds. */
  readonly forMs?: number;
  readonly everyMs?: number;
  /** Devices whose module's twin is read, of this hub. */
  readonly devices?: readonly string[];
  readonly moduleId?: string;
  readonly hub?: HubSelection;
  /** Only what was collected from then on, ISO 8601, and before. */
  readonly since?: string;
  readonly until?: string;
  /** Windows and limits of drift. */
  readonly drift?: DriftSettingsInput;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
}

/** What was written. */
export interface Report {
  readonly file: string;
  readonly requests: number;
  readonly rows: number;
  /** Features that began to drift at some time: `input bmi`. */
  readonly drifted: readonly string[];
}

/** Rows of both sides together that are held in memory. */
const MAX_ROWS = 2_000_000;

/** What models in production do. */
export class WorkspaceMonitor {
  readonly #models: WorkspaceModels;
  readonly #edge: WorkspaceEdge;
  readonly #events: EventSink;

  constructor(parts: { readonly models: WorkspaceModels; readonly edge: WorkspaceEdge; readonly events: EventSink }) {
    this.#models = parts.models;
    this.#edge = parts.edge;
    this.#events = parts.events;
  }

  /**
   * Writes a page with traffic, latency, errors and drift, in one file.
   *
   * @throws WorkspaceError `ReportEmpty`, `ServiceUnreachable` · ModelsError `ModelNotFound` · ContractError `FileNotReadable` ·
   *   BatchError `PlaceUnusable` · IotHubError
   */
  async report(input: ReportInput): Promise<Report> {
    const { data = [], metrics = [], devices = [] } = input;
    if (data.length + metrics.length + devices.length === 0) {
      throw new WorkspaceError('ReportEmpty', 'cannot write a report of nothing: name collected data with --data, metrics with --metrics, or devices with --device-id');
    } // prettier-ignore
    const [{ makeReport }, { readMetrics }] = await Promise.all([
      import('./monitor/make-report.ts'),
      import('./monitor/read-metrics.ts'),
    ]);
    const model = input.model === undefined ? undefined : await this.#models.show(input.model);
    const baseline = model === undefined ? undefined : await this.#baselineOf(model);
    const rows = await this.#collected(input, model);
    const { forMs = 0, everyMs = 10_000, signal } = input;
    const snapshots = await readMetrics(metrics, { forMs, everyMs, signal, events: this.#events });
    const found = await this.#devices(input);
    if (rows.inputs.length + rows.outputs.length + snapshots.length + found.length === 0) {
      const which = model === undefined ? '' : ` of ${model.id}`;
      throw new WorkspaceError('ReportEmpty', `cannot write a report: nothing${which} was collected in ${data.join(', ')}`, { details: { data } }); // prettier-ignore
    }
    const { page, ...figures } = makeReport({
      ...(model === undefined ? {} : { model: model.id }),
      baseline,
      ...rows,
      snapshots,
      devices: found,
      drift: input.drift ?? {},
      madeAt: new Date(),
      sources: [...data.map(withoutQuery), ...metrics.map(withoutQuery), ...devices],
    });
    return { file: await writePage(input.output, page), ...figures };
  }

  async #baselineOf(model: Model): Promise<DriftBaseline | undefined> {
    if (model.baseline === undefined) return undefined;
    const { readBaseline } = await import('@edgewright/drift');
    return await readBaseline(await this.#models.directoryOf(model));
  }

  async #collected(
    { data = [], since, until, environment = {}, signal }: ReportInput,
    model: Model | undefined,
  ): Promise<{ readonly inputs: CollectedRow[]; readonly outputs: CollectedRow[] }> {
    const { readCollected } = await import('./monitor/read-collected.ts');
    const rows = { inputs: [] as CollectedRow[], outputs: [] as CollectedRow[] };
    const [from, to] = [timeOf('since', since), timeOf('until', until)];
    let skipped = 0;
    for (const text of data) {
      this.#events({ stage: 'monitor.data', state: 'started', text: `reading ${withoutQuery(text)}` });
      const found = readCollected(text, {
        wants: (place) =>
          model === undefined || (place.model === model.name && place.version === String(model.version)),
        access: {
          connectionString: environment['AZURE_STORAGE_CONNECTION_STRING'],
          sasToken: environment['AZURE_STORAGE_SAS_TOKEN'],
          accountKey: environment['AZURE_STORAGE_KEY'],
        },
        skipped: () => {
          skipped += 1;
        },
        signal,
      });
      for await (const { place, row } of found) {
        const at = Date.parse(row.time);
        if (at < (from ?? at) || at >= (to ?? Infinity)) continue;
        rows[place.designation === 'inputs' ? 'inputs' : 'outputs'].push(row);
        if (rows.inputs.length + rows.outputs.length > MAX_ROWS) {
          throw new WorkspaceError('ReportTooLarge', `cannot write a report of more than ${MAX_ROWS} rows: choose a time with --since and --until, or a model with --model`); // prettier-ignore
        }
      }
    }
    if (skipped > 0) this.#events({ stage: 'monitor.data', state: 'note', text: `${skipped} rows are none of collected data and were left out` }); // prettier-ignore
    for (const side of [rows.inputs, rows.outputs])
      side.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
    return rows;
  }

  async #devices({ devices = [], moduleId = 'scorer', hub: selection = {} }: ReportInput): Promise<ReportedDevice[]> {
    if (devices.length === 0) return [];
    await using hub = await this.#edge.hub(selection);
    return await Promise.all(
      devices.map(async (deviceId) => {
        const { reported } = await hub.moduleTwin(deviceId, moduleId);
        return reportedDevice(`${deviceId}/${moduleId}`, reported);
      }),
    );
  }
}

/** A module of another kind has none of it. */
function reportedDevice(name: string, reported: Readonly<Record<string, unknown>>): ReportedDevice {
  const model = reported['model'] as { name?: string; version?: string } | undefined;
  return {
    name,
    state: typeof reported['state'] === 'string' ? reported['state'] : 'has not reported',
    model: model?.name === undefined ? '' : `${model.name}:${model.version}`,
    counters: (reported['counters'] ?? {}) as Record<string, number>,
    latencyMs: (reported['latencyMs'] ?? null) as ReportedDevice['latencyMs'] & object,
    drift: (reported['drift'] ?? null) as DriftReport | null,
  };
}

/** @throws ContractError `InvalidReference` */
function timeOf(what: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  if (!Number.isNaN(at)) return at;
  throw new ContractError('InvalidReference', `cannot write a report: ${what} is "${text}", which is no time; write it as 2026-12-24T08:00Z`, { details: { [what]: text } }); // prettier-ignore
}

async function writePage(output: string, page: string): Promise<string> {
  const file = path.resolve(output);
  try {
    await writeFile(`${file}.part`, page);
    await rename(`${file}.part`, file);
    return file;
  } catch (cause) {
    throw new ContractError('FileNotReadable', `cannot write the report "${output}": ${messageOf(cause)}`, { details: { path: file }, cause }); // prettier-ignore
  }
}

/** An address may carry a SAS, which is a secret. */
function withoutQuery(text: string): string {
  return text.replace(/\?.*$/, '');
}
