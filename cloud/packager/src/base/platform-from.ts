import type { Platform } from '@edgewright/contract';

/** A platform in OCI's terms as one of ours; undefined for others. An arm image without a variant is taken for v7. */
export function platformFrom(oci: {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}): Platform | undefined {
  if (oci.os !== 'linux') return undefined;
  if (oci.architecture === 'amd64') return 'amd64';
  if (oci.architecture === 'arm64') return 'arm64v8';
  if (oci.architecture === 'arm' && (oci.variant === undefined || oci.variant === 'v7')) return 'arm32v7';
  return undefined;
}
