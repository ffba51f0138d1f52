/** Installs the Python packages of tests, `python-main.ts REQUIREMENTS…`, so that no test has to wait for them. */
import { pythonEnvironment } from './python-environment.ts';

for (const file of process.argv.slice(2)) {
  const found = await pythonEnvironment(file);
  process.stdout.write(`${file}: ${typeof found === 'string' ? found : found.executable}\n`);
  if (typeof found === 'string') process.exitCode = 1;
}
