import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createAppRoot, ScorerProcess } from '../support/scorer-process.ts';
import { TestHub } from '../support/test-hub.ts';
import { affineOnnx } from '../support/tiny-models.ts';

/** The scorer as a process at a hub that the test holds in its hands. */
export interface ScorerAtHub extends AsyncDisposable {
  readonly hub: TestHub;
  readonly scorer: ScorerProcess;
}

export async function startScorerAtHub(options: {
  readonly entryScript?: string;
  readonly desired?: Readonly<Record<string, unknown>>;
}): Promise<ScorerAtHub> {
  await using stack = new AsyncDisposableStack();
  const root = stack.use(await createAppRoot(affineOnnx(), options.entryScript));
  const hub = stack.use(await TestHub.start());
  hub.desired = { $version: 1, ...options.desired };
  const ca = path.join(root.directory, 'ca.pem');
  await writeFile(ca, hub.ca);
  const scorer = stack.use(
    new ScorerProcess({
      AML_APP_ROOT: root.directory,
      EdgeHubConnectionString: hub.connectionString,
      EdgeModuleCACertificateFile: ca,
      EDGEWRIGHT_LOG_LEVEL: 'fatal',
    }),
  );
  const parts = stack.move();
  return { hub, scorer, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}
