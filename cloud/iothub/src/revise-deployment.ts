import type { DeploymentContent, HubDeployment } from './hub-deployments.ts';
import type { Hub } from './hub.ts';

/** What a revision did. */
export interface Revision {
  readonly created: HubDeployment;
  /** Ids of older revisions that were deleted. */
  readonly removed: readonly string[];
}

const NUMBERED = /^(?<family>.+)-r(?<number>\d+)$/;

/**
 * Gives devices other content. A deployment's content never changes, so a new deployment of the same condition, priority,
 * labels and metrics is made beside the old one: `NAME-r2`, `NAME-r3` and so on. The newer of two deployments of one priority
 * counts.
 *
 * @param keep how many older revisions stay; the rest is deleted, oldest first, after the new one is there
 */
export async function reviseDeployment(
  hub: Hub,
  id: string,
  { content, keep }: { readonly content: DeploymentContent; readonly keep: number },
): Promise<Revision> {
  const family = familyOf(id);
  const all = (await hub.deployments.list()).filter((deployment) => familyOf(deployment.id) === family);
  const newestFirst = all.toSorted((a, b) => numberOf(b.id) - numberOf(a.id));
  const newest = newestFirst[0] ?? (await hub.deployments.get(id));
  const { targetCondition, priority, labels, metrics } = newest;
  const created = await hub.deployments.create({
    id: `${family}-r${numberOf(newest.id) + 1}`,
    content,
    targetCondition,
    priority,
    labels,
    metrics,
  });
  const removed = newestFirst.slice(keep).map((deployment) => deployment.id);
  for (const old of removed) await hub.deployments.remove(old);
  return { created, removed };
}

function familyOf(id: string): string {
  return NUMBERED.exec(id)?.groups?.['family'] ?? id;
}

function numberOf(id: string): number {
  return Number(NUMBERED.exec(id)?.groups?.['number'] ?? 1);
}
