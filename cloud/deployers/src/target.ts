import type { KubernetesManifest } from './aks/kubernetes-manifest.ts';
import type { EndpointRouter } from './endpoint/endpoint-spec.ts';
import type { PlannedChange } from './planned-change.ts';
import type { ServiceSpec } from './service-spec.ts';
import type { StageFailure } from './stage-failure.ts';

/** Azure ML's states of a service. `Healthy` and `Failed` are final. */
export type ServiceState = 'Transitioning' | 'Healthy' | 'Unhealthy' | 'Unschedulable' | 'Failed';

/** What would be done to reach a state. Nothing was done yet. */
export interface Plan {
  readonly spec: ServiceSpec;
  readonly changes: readonly PlannedChange[];
  /** For `aks`: all objects that it is to be. */
  readonly objects?: readonly KubernetesManifest[];
}

/** What can be seen of a service. */
export interface Observation {
  readonly state: ServiceState;
  /** The revision that answers requests; undefined when none does. */
  readonly revision: number | undefined;
  /** The stage that the newest revision is in, in a few words. */
  readonly stage: string;
  /** Without a `/` at the end; undefined until it is known. */
  readonly url: string | undefined;
  readonly failure?: StageFailure & { readonly revision: number };
  readonly replicas?: { readonly desired: number; readonly ready: number };
}

/** A place where services run. Everything is done by the name of the service, so it works from any process. */
export interface Target {
  readonly computeType: 'local' | 'ACI' | 'aks';
  /** How often it may be asked, in milliseconds. */
  readonly pollMs: number;
  /** How long a service may take to come up, in milliseconds. */
  readonly patienceMs: number;
  /** Divides the traffic of endpoints; absent where the target cannot. */
  readonly endpoints?: EndpointRouter;
  /** Says what applying would do. Changes nothing. */
  plan(spec: ServiceSpec): Promise<Plan>;
  /** Makes the state of the plan the wanted one, and returns before it is reached. What serves goes on serving until then. */
  apply(plan: Plan): Promise<void>;
  /** Undefined when there is nothing of that name. */
  observe(spec: ServiceSpec): Promise<Observation | undefined>;
  /** Exchanges keys; the service notices by itself. */
  setCredentials(spec: ServiceSpec): Promise<void>;
  /** The last lines that the service wrote. */
  logs(spec: ServiceSpec, lines: number): Promise<readonly string[]>;
  /** Ends the service, with everything that was made for it. Nothing happens when it is not there. */
  remove(spec: ServiceSpec): Promise<void>;
}
