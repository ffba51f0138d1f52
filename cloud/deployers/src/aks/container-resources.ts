/** What a container is promised, and what it may not exceed. */
export interface ContainerResources {
  readonly cpu: number;
  readonly memoryInGB: number;
  readonly gpu?: number;
  readonly cpuLimit?: number;
  readonly memoryInGBLimit?: number;
}

/** What node pools with GPUs are tainted with: by NVIDIA's operator, and in Azure's own documentation. */
export const GPU_TOLERATIONS = [
  { key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'sku', operator: 'Equal', value: 'gpu', effect: 'NoSchedule' },
];

/** Requests and limits of a container, as Kubernetes writes them. */
export function resourcesOf({
  cpu,
  memoryInGB,
  gpu = 0,
  cpuLimit,
  memoryInGBLimit,
}: ContainerResources): Record<string, unknown> {
  const limits = {
    ...(cpuLimit === undefined ? {} : { cpu: cores(cpuLimit) }),
    ...(memoryInGBLimit === undefined ? {} : { memory: mebibytes(memoryInGBLimit) }),
    ...(gpu === 0 ? {} : { 'nvidia.com/gpu': String(gpu) }),
  };
  return {
    requests: { cpu: cores(cpu), memory: mebibytes(memoryInGB) },
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}

function cores(value: number): string {
  return `${Math.max(1, Math.round(value * 1000))}m`;
}

function mebibytes(gigabytes: number): string {
  return `${Math.max(1, Math.round(gigabytes * 1024))}Mi`;
}
