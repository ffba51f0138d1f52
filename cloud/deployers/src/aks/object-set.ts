import type { KubernetesObject, V1Deployment } from '@kubernetes/client-node';
import type { PlannedChange } from '../planned-change.ts';
import { driftOf } from './drift.ts';
import { FIELD_MANAGER, isOurs, requireOurs } from './kube-cluster.ts';
import type { KubeCluster, ObjectName } from './kube-cluster.ts';
import type { KubernetesManifest } from './kubernetes-manifest.ts';

/** Objects that belong together: those that are to be, and those that may be there from before. */
export interface ObjectSet {
  /** In the order in which they are to be applied. */
  readonly wanted: readonly KubernetesManifest[];
  /** All that could be there, in the order in which they are to be deleted. */
  readonly possible: readonly ObjectName[];
}

/** Who has the number of replicas once an autoscaler chooses it. */
const AUTOSCALER_MANAGER = 'edgewright-autoscaler';

/**
 * Says what applying would do; the cluster is asked, and nothing is changed.
 *
 * @throws DeployersError `ClusterRefused`, also for an object that somebody else made
 */
export async function planObjects(cluster: KubeCluster, set: ObjectSet): Promise<PlannedChange[]> {
  const changes: PlannedChange[] = [];
  for (const object of set.wanted) {
    const subject = subjectOf(object);
    const present = await cluster.read(object);
    if (present !== undefined) requireOurs(present, subject);
    const result = await cluster.apply(object, true);
    if (present === undefined) {
      changes.push({ action: 'create', subject });
      continue;
    }
    const kept = keepsReplicas(object) ? withReplicasOf(result, present) : result;
    const drift = driftOf(present, kept);
    if (drift.length > 0) changes.push({ action: 'update', subject, reason: drift.join(', ') });
  }
  for (const object of await superfluous(cluster, set)) {
    changes.push({ action: 'delete', subject: subjectOf(object), reason: 'the settings do not ask for it any more' });
  }
  return changes;
}

/** Applies what is wanted, and then deletes what is not wanted any more. */
export async function applyObjects(cluster: KubeCluster, set: ObjectSet): Promise<void> {
  for (const object of set.wanted) {
    const present = await cluster.read(object);
    if (present !== undefined) requireOurs(present, subjectOf(object));
    if (present !== undefined && keepsReplicas(object)) await handOverReplicas(cluster, object, present);
    await cluster.apply(object);
  }
  for (const object of await superfluous(cluster, set)) await cluster.delete(object);
}

/** Deletes all that edgewright made of it. */
export async function removeObjects(cluster: KubeCluster, possible: readonly ObjectName[]): Promise<void> {
  for (const object of await presentOnes(cluster, possible)) await cluster.delete(object);
}

async function superfluous(cluster: KubeCluster, { wanted, possible }: ObjectSet): Promise<ObjectName[]> {
  const names = new Set(wanted.map(subjectOf));
  return await presentOnes(
    cluster,
    possible.filter((object) => !names.has(subjectOf(object))),
  );
}

async function presentOnes(cluster: KubeCluster, objects: readonly ObjectName[]): Promise<ObjectName[]> {
  const found: ObjectName[] = [];
  for (const object of objects) {
    // a cluster without an extension has nothing of its kinds
    if (object.apiVersion.includes('.') && !(await cluster.serves(object.apiVersion, object.kind))) continue;
    const present = await cluster.read(object);
    if (present !== undefined && isOurs(present)) found.push(object);
  }
  return found;
}

function subjectOf({ kind, metadata: { namespace, name } }: ObjectName): string {
  return `${kind} ${namespace}/${name}`;
}

function keepsReplicas({ kind, spec }: KubernetesManifest): boolean {
  return kind === 'Deployment' && (spec as { replicas?: number }).replicas === undefined;
}

/**
 * Leaves the number of replicas to the autoscaler, once: a field that nobody applies any more would fall back to its default, 1, before
 * the autoscaler has looked at all.
 */
async function handOverReplicas(cluster: KubeCluster, object: ObjectName, present: KubernetesObject): Promise<void> {
  const replicas = (present as V1Deployment).spec?.replicas;
  const applied = present.metadata?.managedFields?.filter(({ manager, operation }) => manager === FIELD_MANAGER && operation === 'Apply'); // prettier-ignore
  const isOwned = applied?.some(({ fieldsV1 }) => JSON.stringify(fieldsV1 ?? {}).includes('"f:replicas"'));
  if (replicas === undefined || isOwned !== true) return;
  const { apiVersion, kind, metadata } = object;
  const { name, namespace } = metadata;
  await cluster.handOver({ apiVersion, kind, metadata: { name, namespace }, spec: { replicas } }, AUTOSCALER_MANAGER);
}

function withReplicasOf(object: KubernetesObject, present: KubernetesObject): KubernetesObject {
  const { replicas } = (present as V1Deployment).spec ?? {};
  return { ...object, spec: { ...(object as { spec?: object }).spec, replicas } } as KubernetesObject;
}
