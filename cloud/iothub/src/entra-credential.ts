import type { TokenCredential } from '@azure/identity';
import { messageOf } from '@edgewright/contract';
import { IotHubError } from './iothub-error.ts';

/** Whom IoT Hub's tokens are for. */
export const TOKEN_SCOPE = 'https://iothubs.azure.net/.default';

/**
 * Entra ID as this machine is logged in: environment variables, a managed identity, `az login` and the like, in the order of
 * `DefaultAzureCredential`. The library is loaded only here.
 *
 * @returns a credential whose failures are IotHubError `HubUnauthorized`
 */
export async function entraCredential(): Promise<TokenCredential> {
  const { DefaultAzureCredential } = await import('@azure/identity');
  const credential = new DefaultAzureCredential();
  return {
    getToken: async (scopes, options) => {
      try {
        return await credential.getToken(scopes, options);
      } catch (cause) {
        throw new IotHubError(
          'HubUnauthorized',
          `cannot get a token for IoT Hub from Entra ID: ${messageOf(cause).split('\n')[0] ?? ''}`,
          { cause },
        );
      }
    },
  };
}
