import { expect, it } from 'vitest';
import type { TestContext } from 'vitest';
import { driveDeployment } from '@edgewright/deployers';
import type { Observation, ServiceSpec, Target } from '@edgewright/deployers';

/** What a target runs in the suite: two that come up, and one whose init() throws `no licence`. */
export type ArtifactKind = 'first' | 'second' | 'failing';

/** A target with a place of its own, and what is needed to use it. */
export interface TargetUnderTest {
  readonly target: Target;
  readonly spec: (revision: number, artifact: ArtifactKind) => Promise<ServiceSpec>;
  /** Where nothing runs containers: does what the platform would do with what was applied. */
  readonly settle?: (spec: ServiceSpec, artifact: ArtifactKind) => void;
  /** Whether callers may find nobody while a revision is exchanged. */
  readonly hasGap?: boolean;
}

/**
 * What every target does, in one test, because starting services takes time: it plans without doing, applies, is observed, explains a revision that
 * fails and goes back, exchanges keys, and removes all that it made; from any process.
 */
export function itConforms(setUp: (context: TestContext) => Promise<TargetUnderTest>): void {
  it('plans, applies, observes, goes back, exchanges keys and removes, as every target does', { timeout: 420_000 }, async (context) => {
    const subject = await setUp(context);
    const { target, spec, hasGap } = subject;
    const [first, second, third] = [await spec(1, 'first'), await spec(2, 'second'), await spec(3, 'failing')];

    expect(await target.observe(first)).toBeUndefined();
    const creation = await target.plan(first);
    expect(creation.changes.length).toBeGreaterThan(0);
    expect(creation.changes.every(({ action }) => action === 'create')).toBe(true);
    expect(await target.observe(first)).toBeUndefined();

    const { seen, stages } = await deploy(subject, { spec: first, artifact: 'first' });
    expect(seen).toMatchObject({ state: 'Healthy', revision: 1, replicas: { desired: 1, ready: 1 } });
    expect(seen.url).toMatch(/^https?:\/\/[^/]+$/);
    expect(stages[0]).toBe('service.plan');
    expect(stages.at(-1)).toBe('service.stage');
    expect((await target.logs(first, 1000)).length).toBeGreaterThan(0);
    expect(await target.logs(first, 1)).toHaveLength(1);

    const [change] = (await target.plan(second)).changes;
    expect(change).toMatchObject({ action: 'update', reason: expect.stringMatching(/./) as string });
    expect(await target.observe(first)).toMatchObject({ state: 'Healthy', revision: 1 });
    const updated = await deploy(subject, { spec: second, former: first, artifact: 'second' });
    expect(updated.seen).toMatchObject({ state: 'Healthy', revision: 2, url: seen.url });

    const failing = deploy(subject, { spec: third, former: second, artifact: 'failing' });
    await expect(failing).rejects.toMatchObject({
      code: 'DeploymentFailed',
      message: expect.stringMatching(/stage "init"[^]*no licence[^]*likely cause/) as string,
      details: { stage: 'init', revision: 3, log: expect.arrayContaining([expect.stringContaining('no licence')]) as unknown },
    });
    const back = await target.observe(second);
    expect(back).toMatchObject({ state: 'Healthy', revision: 2, url: seen.url });

    const { keys } = second.credentials;
    if (keys === undefined) throw new TypeError('the suite needs a service with keys');
    const regenerated = { ...second, credentials: { keys: { ...keys, primaryKey: 'regenerated-key-0123456789' } } };
    await target.setCredentials(regenerated);
    if (hasGap === true) subject.settle?.(regenerated, 'second');
    expect(await target.observe(regenerated)).toMatchObject({ state: 'Healthy', revision: 2, url: seen.url });

    await target.remove(second);
    expect(await target.observe(second)).toBeUndefined();
    await target.remove(second);
  }); // prettier-ignore
}

interface Deployment {
  readonly spec: ServiceSpec;
  readonly former?: ServiceSpec;
  readonly artifact: ArtifactKind;
}

async function deploy(
  { target, settle }: TargetUnderTest,
  { spec, former, artifact }: Deployment,
): Promise<{ seen: Observation; stages: string[] }> {
  const stages: string[] = [];
  let isGoingBack = false;
  const seen = await driveDeployment({
    target,
    spec,
    events: ({ stage }) => {
      stages.push(stage);
      if (stage === 'service.rollback') isGoingBack = true;
      if (stage !== 'service.apply' || settle === undefined) return;
      // as a platform would, a moment later; what it goes back to has run before
      const applied = isGoingBack && former !== undefined ? former : spec;
      const kind = applied === spec ? artifact : 'first';
      setTimeout(() => settle(applied, kind), 20);
    },
    ...(former === undefined ? {} : { former }),
  });
  return { seen, stages };
}
