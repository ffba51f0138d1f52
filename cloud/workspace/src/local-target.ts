/** Whether an image's target is a file, a folder or a Docker Engine on this machine, and not a registry. */
export function isLocalTarget(target: string): boolean {
  return /^(?:docker-archive|docker-daemon|oci):/.test(target);
}
