import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../test/support/engine-fixture.ts';
import { findEnergyMeter } from './energy-meter.ts';

/** Files as the kernel has them under /sys. */
async function sysfs(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  }
  return folder;
}

const rapl = 'class/powercap/intel-rapl:';

describe('findEnergyMeter', () => {
  it('adds up the packages of RAPL, not what is inside of them, and survives a counter that begins anew', async () => {
    const folder = await sysfs({
      [`${rapl}0/name`]: 'package-0\n',
      [`${rapl}0/energy_uj`]: '900000\n',
      [`${rapl}0/max_energy_range_uj`]: '1000000\n',
      [`${rapl}1/name`]: 'package-1\n',
      [`${rapl}1/energy_uj`]: '5000000\n',
      [`${rapl}1/max_energy_range_uj`]: '262143328850\n',
      [`${rapl}0:0/name`]: 'core\n',
      [`${rapl}0:0/energy_uj`]: '1\n',
      [`${rapl}2/name`]: 'psys\n',
      [`${rapl}2/energy_uj`]: '1\n',
    });
    const meter = await findEnergyMeter(folder);
    expect(meter?.source).toBe('RAPL (package-0, package-1)');
    meter?.begin();
    // what was before is read while this goes on
    expect(await meter?.end()).toBe(0);
    meter?.begin();
    await findEnergyMeter(folder);
    await writeFile(path.join(folder, `${rapl}0/energy_uj`), '100000\n');
    await writeFile(path.join(folder, `${rapl}1/energy_uj`), '7000000\n');
    expect(await meter?.end()).toBeCloseTo(2.2);
  });

  it('takes power from sensors of boards: in microwatts, or volts times amperes', async () => {
    const folder = await sysfs({
      'class/hwmon/hwmon0/name': 'cpu_thermal\n',
      'class/hwmon/hwmon0/temp1_input': '48000\n',
      'class/hwmon/hwmon1/name': 'ina3221\n',
      'class/hwmon/hwmon1/in1_input': '5000\n',
      'class/hwmon/hwmon1/curr1_input': '800\n',
      'class/hwmon/hwmon1/power2_input': '1000000\n',
    });
    const meter = await findEnergyMeter(folder);
    expect(meter?.source).toBe('ina3221 (2 rails)');
    const begun = performance.now();
    meter?.begin();
    const joules = (await meter?.end()) ?? Number.NaN;
    const seconds = (performance.now() - begun) / 1000;
    expect(joules).toBeGreaterThanOrEqual(0);
    expect(joules).toBeLessThanOrEqual(5 * seconds);
  });

  it('finds none where the machine does not tell', async () => {
    expect(await findEnergyMeter(await sysfs({ 'class/hwmon/hwmon0/temp1_input': '1\n' }))).toBeUndefined();
    expect(await findEnergyMeter('/nowhere')).toBeUndefined();
  });
});
