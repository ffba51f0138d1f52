import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** Measures what the machine uses between two moments. */
export interface EnergyMeter {
  /** What it reads, for people: `RAPL (package-0)`. */
  readonly source: string;
  begin(): void;
  /** Joules since `begin`, of the whole machine or board; undefined when it could not be read. */
  end(): Promise<number | undefined>;
}

interface Counter {
  readonly file: string;
  /** Microjoules after which the counter begins anew. */
  readonly range: number | undefined;
}

interface Rail {
  /** Gives watts. */
  readonly read: () => Promise<number>;
}

/** How often power is read where there is no counter of energy. */
const SAMPLE_MS = 50;
const MICRO = 1e-6;
const MILLI = 1e-3;

/**
 * Finds out how this machine tells what it uses: Intel's and AMD's RAPL through Linux's powercap, which only root may read on most systems; or
 * sensors of boards under hwmon (power, or voltage and current as INA3221 of Jetson boards has them).
 *
 * @param sysfs where the kernel's files are
 * @returns undefined when it does not tell
 */
export async function findEnergyMeter(sysfs = '/sys'): Promise<EnergyMeter | undefined> {
  return (await findRapl(path.join(sysfs, 'class/powercap'))) ?? (await findSensors(path.join(sysfs, 'class/hwmon')));
}

async function findRapl(folder: string): Promise<EnergyMeter | undefined> {
  const zones: (Counter & { readonly name: string })[] = [];
  // packages, not what is inside of them, which they count already
  for (const entry of (await entriesOf(folder)).filter((name) => /^[a-z-]+rapl:\d+$/.test(name))) {
    const file = path.join(folder, entry, 'energy_uj');
    const name = await readFile(path.join(folder, entry, 'name'), 'utf8').catch(() => '');
    const value = await numberIn(file);
    if (value === undefined || !name.startsWith('package')) continue;
    zones.push({ file, range: await numberIn(path.join(folder, entry, 'max_energy_range_uj')), name: name.trim() });
  }
  if (zones.length === 0) return undefined;
  return new CounterMeter(`RAPL (${zones.map(({ name }) => name).join(', ')})`, zones);
}

async function findSensors(folder: string): Promise<EnergyMeter | undefined> {
  for (const entry of await entriesOf(folder)) {
    const place = path.join(folder, entry);
    const names = await entriesOf(place);
    const rails = [...powerRails(place, names), ...currentRails(place, names)];
    const readings = await Promise.all(rails.map(({ read }) => read()));
    if (rails.length === 0 || readings.some((watts) => !Number.isFinite(watts))) continue;
    const name = (await readFile(path.join(place, 'name'), 'utf8').catch(() => entry)).trim();
    return new PowerMeter(`${name} (${rails.length} rail${rails.length === 1 ? '' : 's'})`, rails);
  }
  return undefined;
}

function powerRails(place: string, names: readonly string[]): Rail[] {
  return (
    names
      .filter((name) => /^power\d+_(input|average)$/.test(name))
      // a sensor may tell both
      .filter((name) => name.endsWith('_input') || !names.includes(name.replace('_average', '_input')))
      .map((name) => ({ read: async () => ((await numberIn(path.join(place, name))) ?? Number.NaN) * MICRO }))
  );
}

/** INA3221: volts in `inN_input`, amperes in `currN_input`, both in thousandths. */
function currentRails(place: string, names: readonly string[]): Rail[] {
  return names
    .flatMap((name) => /^curr(\d+)_input$/.exec(name)?.[1] ?? [])
    .filter((number) => names.includes(`in${number}_input`) && !names.includes(`power${number}_input`))
    .map((number) => ({
      read: async () => {
        const current = await numberIn(path.join(place, `curr${number}_input`));
        const voltage = await numberIn(path.join(place, `in${number}_input`));
        return (current ?? Number.NaN) * MILLI * (voltage ?? Number.NaN) * MILLI;
      },
    }));
}

class CounterMeter implements EnergyMeter {
  readonly source: string;
  readonly #counters: readonly Counter[];
  #begun: Promise<readonly (number | undefined)[]> = Promise.resolve([]);

  constructor(source: string, counters: readonly Counter[]) {
    this.source = source;
    this.#counters = counters;
  }

  begin(): void {
    this.#begun = this.#read();
  }

  async end(): Promise<number | undefined> {
    const after = await this.#read();
    const before = await this.#begun;
    let sum = 0;
    for (const [at, { range }] of this.#counters.entries()) {
      const used = (after[at] ?? Number.NaN) - (before[at] ?? Number.NaN);
      // a counter that began anew in the meantime
      sum += used < 0 ? used + (range ?? Number.NaN) : used;
    }
    return Number.isFinite(sum) ? sum * MICRO : undefined;
  }

  #read(): Promise<(number | undefined)[]> {
    return Promise.all(this.#counters.map(({ file }) => numberIn(file)));
  }
}

class PowerMeter implements EnergyMeter {
  readonly source: string;
  readonly #rails: readonly Rail[];
  #begunAt = 0;
  #watts: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sampling: Promise<void> = Promise.resolve();

  constructor(source: string, rails: readonly Rail[]) {
    this.source = source;
    this.#rails = rails;
  }

  begin(): void {
    clearInterval(this.#timer);
    this.#begunAt = performance.now();
    this.#watts = [];
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS).unref();
  }

  async end(): Promise<number | undefined> {
    clearInterval(this.#timer);
    const seconds = (performance.now() - this.#begunAt) / 1000;
    this.#sample();
    await this.#sampling;
    const mean = this.#watts.reduce((sum, watts) => sum + watts, 0) / this.#watts.length;
    return Number.isFinite(mean) ? mean * seconds : undefined;
  }

  #sample(): void {
    this.#sampling = this.#sampling.then(async () => {
      const watts = await Promise.all(this.#rails.map(({ read }) => read()));
      this.#watts.push(watts.reduce((sum, one) => sum + one, 0));
    });
  }
}

async function entriesOf(folder: string): Promise<string[]> {
  return (await readdir(folder).catch((): string[] => [])).toSorted();
}

async function numberIn(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const value = Number(text);
  return text.trim() === '' || !Number.isFinite(value) ? undefined : value;
}
