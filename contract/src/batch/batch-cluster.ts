import Type from 'typebox';
import type { Static } from 'typebox';

const closed = { additionalProperties: false } as const;
const Name = (description: string) => Type.Optional(Type.String({ minLength: 1, description }));
const Amount = (description: string) => Type.Optional(Type.Number({ exclusiveMinimum: 0, description }));

/** `kubernetes` in `batchconfig.json`: what the pods of a job get on a cluster. */
export const BatchClusterSchema = Type.Object(
  {
    place: Type.String({
      minLength: 1,
      description:
        'what all pods share: an address of Azure Blob Storage, or a folder of volumeClaim; each job has a folder of its own there',
    }),
    namespace: Type.Optional(
      Type.String({ pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$', description: 'default: default' }),
    ),
    parallelism: Type.Optional(Type.Integer({ minimum: 1, description: 'pods at once; default: nodeCount' })),
    containerResourceRequirements: Type.Optional(
      Type.Object(
        {
          cpu: Amount('cores of a pod; default 1'),
          memoryInGB: Amount('gigabytes of a pod; default 2'),
          cpuLimit: Amount('cores that it may not exceed'),
          memoryInGBLimit: Amount('gigabytes that it may not exceed'),
          gpu: Type.Optional(Type.Integer({ minimum: 0, description: 'GPUs of a pod' })),
        },
        closed,
      ),
    ),
    environmentSecretName: Name(
      'a Secret whose keys are variables of the pods, such as AZURE_STORAGE_CONNECTION_STRING',
    ),
    serviceAccountName: Name('the account of the pods, for workload identity'),
    imagePullSecretName: Name('a Secret with which images are pulled'),
    volumeClaim: Type.Optional(
      Type.Object(
        {
          name: Type.String({ minLength: 1, description: 'a PersistentVolumeClaim that many pods may write' }),
          mountPath: Type.String({ pattern: '^/', description: 'where it stands in the pods, and here' }),
        },
        closed,
      ),
    ),
  },
  { ...closed, description: 'edgewright’s own: for a job on a cluster' },
);

export type BatchClusterSettings = Static<typeof BatchClusterSchema>;
