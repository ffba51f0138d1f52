import { messageOf } from '@edgewright/contract';
import type { SettledBatchJob } from '@edgewright/contract';
import type { Engine, MiniBatchAnswer } from '@edgewright/engine';
import { BatchError } from '../batch-error.ts';
import type { FileItem, FilesBatch, MiniBatch, RowsBatch, TableFile } from '../input/mini-batch.ts';
import { readCells, readObjects, RowFault } from '../input/read-rows.ts';
import { ParquetReader } from '../input/read-parquet.ts';
import type { InputPlace } from '../places/open-place.ts';
import { localFiles } from '../places/local-files.ts';
import { resolveColumns } from './resolve-columns.ts';
import type { RowPlan } from './resolve-columns.ts';
import { ResultLines, resultFormatOf } from './result-lines.ts';
import type { MiniBatchResult } from './result-lines.ts';
import { runModel } from './run-model.ts';

/** Of an image that is scored without a script. */
const MAX_IMAGE_BYTES = 64 * 1024 * 1024;
/** One is decoded while another runs. */
const IMAGES_AT_ONCE = 2;

export interface MiniBatchScorerOptions {
  readonly job: SettledBatchJob;
  readonly engine: Engine;
  readonly inputs: readonly InputPlace[];
}

/** What is to be scored: a mini-batch, or the items of it from one to another. */
export interface ScoreTask {
  readonly batch: MiniBatch;
  readonly table: TableFile | undefined;
  readonly attempt: number;
  readonly from: number;
  readonly to: number;
}

/** Fewer or more results than items: which belongs to which is not known. */
export class CountMismatch extends BatchError {
  constructor(results: number, items: number) {
    super('ResultsMismatch', `run() returned ${results} results for ${items} items, so it is not known which belongs to which; return a list with one element for each item, an Error for one that failed`, { details: { results, items } }); // prettier-ignore
  }
}

/** Scores mini-batches with an engine: by the entry script, or by the model as it is. */
export class MiniBatchScorer {
  readonly #options: MiniBatchScorerOptions;
  readonly #parquet = new ParquetReader();
  readonly #checked = new Set<string>();
  readonly #plans = new Map<string, RowPlan>();

  constructor(options: MiniBatchScorerOptions) {
    this.#options = options;
  }

  /**
   * @throws BatchError, EngineError when the mini-batch fails as a whole; what fails of single items stands in the result
   */
  async score(task: ScoreTask): Promise<MiniBatchResult> {
    const { job, engine } = this.#options;
    const { batch, table } = task;
    const format = resultFormatOf(job.appendRowFileName);
    const lines = new ResultLines(batch, table, { format, isKept: job.outputAction === 'append_row' });
    const { entryScript, images } = engine.describe();
    if (batch.kind === 'files') {
      if (entryScript) await this.#scriptOnFiles(task, batch, lines);
      else if (images === true) await this.#images(task, batch, lines);
      else throw new BatchError('ColumnsInvalid', `the input is files such as ${batch.files[0]?.key ?? ''}, and the model has neither an entry script nor "preprocess" in its inference configuration`); // prettier-ignore
    } else {
      const place = this.#options.inputs[table?.input ?? 0]?.place;
      if (table === undefined || place === undefined) throw new TypeError('rows without their table');
      await this.#checkUnchanged(table);
      const source = { place, table, parquet: this.#parquet, delimiter: job.delimiter };
      if (entryScript) await this.#scriptOnRows(task, batch, { lines, source });
      else await this.#model(task, batch, { lines, source });
    }
    return lines.result;
  }

  async #scriptOnRows(
    task: ScoreTask,
    batch: RowsBatch,
    { lines, source }: { lines: ResultLines; source: Parameters<typeof readObjects>[1] },
  ): Promise<void> {
    const all = await readObjects(batch, source);
    checkCount(all.length, batch);
    const at: number[] = [];
    const rows: unknown[] = [];
    const faults = new Map<number, string>();
    for (let i = task.from; i < task.to; i += 1) {
      const row = all[i];
      if (row instanceof RowFault) faults.set(i, row.reason);
      else {
        at.push(i);
        rows.push(row);
      }
    }
    const { key } = source.table;
    const answer =
      rows.length === 0
        ? []
        : await this.#run(
            task,
            rows,
            at.map((i) => ({ file: key, row: batch.row + i })),
          );
    let next = 0;
    for (let i = task.from; i < task.to; i += 1) {
      const fault = faults.get(i);
      if (fault !== undefined) lines.fail(i, fault);
      else {
        report(lines, i, answer[next]);
        next += 1;
      }
    }
  }

  async #scriptOnFiles(task: ScoreTask, batch: FilesBatch, lines: ResultLines): Promise<void> {
    const files = batch.files.slice(task.from, task.to);
    await using local = await localFiles(files, this.#options.inputs);
    const answer = await this.#run(
      task,
      local.paths,
      files.map(({ key }) => ({ file: key })),
    );
    for (const [i] of files.entries()) report(lines, task.from + i, answer[i]);
  }

  async #run(
    { batch, attempt }: ScoreTask,
    data: readonly unknown[],
    items: readonly { readonly file: string; readonly row?: number }[],
  ): Promise<MiniBatchAnswer['outcomes']> {
    const { engine, job } = this.#options;
    const { value } = await engine.score({
      requestId: `mini-batch-${batch.index}`,
      data,
      // whoever started this process ends it when it takes longer; a script may look at its signal before
      timeoutMs: job.runInvocationTimeout * 1000,
      miniBatch: { index: batch.index, attempt, items },
    });
    const { outcomes } = value as MiniBatchAnswer;
    if (outcomes.length !== data.length) throw new CountMismatch(outcomes.length, data.length);
    return outcomes;
  }

  async #model(
    task: ScoreTask,
    batch: RowsBatch,
    { lines, source }: { lines: ResultLines; source: Parameters<typeof readCells>[1] },
  ): Promise<void> {
    const plan = this.#planOf(source.table);
    const all = await readCells(batch, source);
    checkCount(all.length, batch);
    const results = new Map<number, string>();
    const faults = new Map<number, string>();
    for (let from = task.from; from < task.to; from += plan.rowsPerRun) {
      const to = Math.min(task.to, from + plan.rowsPerRun);
      const at: number[] = [];
      const rows: (readonly unknown[])[] = [];
      for (let i = from; i < to; i += 1) {
        const row = all[i];
        if (row === undefined || row instanceof RowFault) faults.set(i, row?.reason ?? 'it is not there');
        else {
          at.push(i);
          rows.push(row);
        }
      }
      await runModel(
        this.#options.engine,
        { rows, plan },
        {
          done: (i, json) => results.set(at[i] ?? -1, json),
          failed: (i, reason) => faults.set(at[i] ?? -1, reason),
        },
      );
    }
    for (let i = task.from; i < task.to; i += 1) {
      const json = results.get(i);
      if (json !== undefined) lines.add(i, json);
      else lines.fail(i, faults.get(i) ?? 'there is no result');
    }
  }

  async #images({ from, to }: ScoreTask, { files }: FilesBatch, lines: ResultLines): Promise<void> {
    const outcomes = new Map<number, { readonly json: string } | { readonly reason: string }>();
    let next = from;
    const lane = async (): Promise<void> => {
      while (next < to) {
        const i = next;
        next += 1;
        outcomes.set(i, await this.#image(files[i]));
      }
    };
    await Promise.all(Array.from({ length: IMAGES_AT_ONCE }, lane));
    for (let i = from; i < to; i += 1) {
      const outcome = outcomes.get(i);
      if (outcome !== undefined && 'json' in outcome) lines.add(i, outcome.json);
      else lines.fail(i, outcome?.reason ?? 'there is no result');
    }
  }

  async #image(file: FileItem | undefined): Promise<{ readonly json: string } | { readonly reason: string }> {
    const { engine, inputs } = this.#options;
    if (file === undefined) throw new TypeError('an item that the mini-batch does not have');
    try {
      if (file.sizeBytes > MAX_IMAGE_BYTES)
        return { reason: `it has ${file.sizeBytes} bytes; an image has at most ${MAX_IMAGE_BYTES}` };
      const image = await inputs[file.input]?.place.read(file.name);
      if (image === undefined) return { reason: 'its input is not there' };
      const { value } = await engine.score({ requestId: file.key, data: undefined, image });
      return { json: JSON.stringify((value as { readonly predictions?: unknown }).predictions ?? value) };
    } catch (error) {
      return { reason: messageOf(error) };
    }
  }

  #planOf(table: TableFile): RowPlan {
    const known = this.#plans.get(table.key);
    if (known !== undefined) return known;
    const { models } = this.#options.engine.describe();
    const [model] = models;
    if (model === undefined || models.length > 1) {
      throw new BatchError('ColumnsInvalid', `there are several models (${models.map(({ name }) => name).join(', ')}), and it is not said which one gets the rows: write an entry script`); // prettier-ignore
    }
    const plan = resolveColumns(table, model, this.#options.job);
    if (this.#plans.size > 1000) this.#plans.clear();
    this.#plans.set(table.key, plan);
    return plan;
  }

  /** What was planned by its bytes must be read by them. */
  async #checkUnchanged({ input, name, key, sizeBytes }: TableFile): Promise<void> {
    if (this.#checked.has(key)) return;
    const found = await this.#options.inputs[input]?.place.find(name);
    if (found?.sizeBytes !== sizeBytes) {
      const now =
        found === undefined ? 'is not there any more' : `has ${found.sizeBytes} bytes now, and had ${sizeBytes}`;
      throw new BatchError('BatchInputInvalid', `${key} ${now} when the job was planned; submit it again under another name`, { details: { file: key } }); // prettier-ignore
    }
    this.#checked.add(key);
  }
}

function report(lines: ResultLines, at: number, outcome: MiniBatchAnswer['outcomes'][number] | undefined): void {
  if (outcome !== undefined && 'value' in outcome) lines.add(at, JSON.stringify(outcome.value));
  else lines.fail(at, outcome?.failed ?? 'run() returned nothing for it');
}

function checkCount(found: number, { items, row }: RowsBatch): void {
  if (found === items) return;
  throw new BatchError('BatchInputInvalid', `there are ${found} rows where ${items} were planned, from row ${row} on: the quotes of the table are not as CSV has them (RFC 4180), or it was changed`, { details: { found, items } }); // prettier-ignore
}
