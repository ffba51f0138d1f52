import type { ErrorEntry } from './entry.ts';

/** Failures of deploying services. */
export const deployersErrors = {
  DeploymentConfigInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'The keys of a deployment configuration contradict each other, or ask for what the target does not have',
    remedy: 'The message names the key; docs/deployment-configuration.md has the rules.',
  },
  BatchRuns: {
    fault: 'user',
    httpStatus: 409,
    meaning: 'A batch job runs, and what was asked for needs one that does not',
    remedy: 'Wait for it with `edgewright batch status --wait`, or cancel it.',
  },
  BatchNotStarted: {
    fault: 'self',
    httpStatus: 500,
    meaning: 'The process of a batch job ended before it said anything',
    remedy: 'The message has its last words; check that the folder of the workspace can be written.',
  },
  BatchLogNotFound: {
    fault: 'user',
    httpStatus: 404,
    meaning: 'A batch job has no log of that name',
    remedy: 'Run `edgewright batch logs --list`.',
  },
  ServiceNameInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A service cannot be called so',
    remedy: 'Take 3 to 32 of a-z, 0-9 and -, beginning with a letter and not ending with -.',
  },
  ServiceExists: {
    fault: 'user',
    httpStatus: 409,
    meaning: 'There is a service of that name already',
    remedy: 'Choose another name, give --overwrite, or use `edgewright service update`.',
  },
  ServiceNotFound: {
    fault: 'user',
    httpStatus: 404,
    meaning: 'There is no service of that name in this workspace',
    remedy: 'Run `edgewright service list`, or `edgewright endpoint realtime list` for endpoints.',
  },
  ServiceStateUnusable: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'The folder that keeps the services of a workspace cannot be read or written',
    remedy: 'Check the permissions of the folder that the message names.',
  },
  DeploymentFailed: {
    fault: 'user',
    httpStatus: 500,
    meaning: 'A service did not become healthy',
    remedy: 'The message names the stage and the likely cause; `edgewright service get-logs` has all of the log.',
  },
  DeploymentTimedOut: {
    fault: 'remote',
    httpStatus: 504,
    meaning: 'A service did not become healthy in time, and did not fail either',
    remedy: 'Look at `edgewright service show`; it may still come up, or wait for resources.',
  },
  ContainerEngineUnusable: {
    fault: 'user',
    httpStatus: 503,
    meaning: 'No Docker Engine of this machine can be used',
    remedy:
      'Install or start one (`docker info` must work for this user), or leave `container` out: services run as processes too.',
  },
  ProfileFailed: {
    fault: 'user',
    httpStatus: 422,
    meaning: 'A model could not be profiled, because it does not score even with the largest limits',
    remedy: 'The message says why; deploy it as a local service first, or try larger limits.',
  },
  CredentialsNotUsed: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A service has no keys, or no tokens of its own',
    remedy: 'Set authEnabled or tokenAuthEnabled in its deployment configuration.',
  },
  ClusterUnusable: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A kubeconfig cannot be used',
    remedy: 'Check the file and the name of the context; `kubectl --kubeconfig FILE get nodes` must work.',
  },
  ClusterRefused: {
    fault: 'remote',
    httpStatus: 502,
    meaning: 'A Kubernetes cluster refused a request, or cannot be reached',
    remedy: 'The message has the reason of the cluster; check the rights of the account in the kubeconfig.',
  },
  ComputeTargetNotFound: {
    fault: 'user',
    httpStatus: 404,
    meaning: 'There is no compute target of that name in this workspace',
    remedy: 'Run `edgewright computetarget list`, or attach one with `edgewright computetarget attach aks`.',
  },
  ComputeTargetExists: {
    fault: 'user',
    httpStatus: 409,
    meaning: 'There is a compute target of that name already',
    remedy: 'Choose another name, or detach the other one first.',
  },
  ComputeTargetInUse: {
    fault: 'user',
    httpStatus: 409,
    meaning: 'Services run on a compute target that is to be detached',
    remedy: 'Delete the services that the message names first.',
  },
  ProvisioningInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A cluster cannot be created or attached as it was described',
    remedy: 'The message names the flag and the rule.',
  },
  TrafficInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'The traffic of an endpoint cannot be divided over its versions in the way that was asked for',
    remedy: 'One version is the default one and gets what is left; the others ask for 100 per cent at most.',
  },
  VersionNotFound: {
    fault: 'user',
    httpStatus: 404,
    meaning: 'An endpoint has no version of that name',
    remedy: 'Run `edgewright endpoint realtime show`, which lists its versions.',
  },
  VersionExists: {
    fault: 'user',
    httpStatus: 409,
    meaning: 'An endpoint has a version of that name already',
    remedy: 'Choose another name, or change it with `edgewright endpoint realtime update-version`.',
  },
  AzureRefused: {
    fault: 'remote',
    httpStatus: 502,
    meaning: 'Azure refused a request, or cannot be reached',
    remedy:
      'The message has the reason of Azure; check the subscription, the resource group, quotas and who is logged in.',
  },
} as const satisfies Record<string, ErrorEntry>;
