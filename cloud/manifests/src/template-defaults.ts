/** The version of the IoT Edge runtime that templates get when nobody says another. */
const RUNTIME_VERSION = '1.5';

/**
 * Values of the variables that templates of Azure's tools and of edgewright name, for when nobody gives others.
 * `EDGE_RUNTIME_VERSION` is the tag of both system modules' images.
 */
export function templateDefaults(variables: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const version = variables['EDGE_RUNTIME_VERSION'] ?? RUNTIME_VERSION;
  return {
    EDGE_RUNTIME_VERSION: version,
    EDGEAGENT_IMAGE: `mcr.microsoft.com/azureiotedge-agent:${version}`,
    EDGEHUB_IMAGE: `mcr.microsoft.com/azureiotedge-hub:${version}`,
    EDGEAGENT_SCHEMA_VERSION: '1.1',
    EDGEHUB_SCHEMA_VERSION: '1.1',
  };
}
