import { RestApiClient } from 'azure-iot-http-base';
import { Registry } from 'azure-iothub';

/** Where the simulated hub is, and whom to trust there. */
export interface RegistryTarget {
  readonly port: number;
  /** Default `localhost`. */
  readonly host?: string;
  /** PEM. */
  readonly ca: string;
}

type RegistryClient = NonNullable<ConstructorParameters<typeof Registry>[1]>;

/** The SDK's own REST client, which otherwise knows port 443 only. */
class PortedClient extends RestApiClient {
  readonly #target: RegistryTarget;

  constructor(config: RestApiClient.TransportConfig, target: RegistryTarget) {
    super(config, 'edgewright-test');
    this.#target = target;
    this.setOptions({});
  }

  override setOptions(options: object): void {
    super.setOptions({ ...options, ca: this.#target.ca });
  }

  override executeApiCall(...args: Parameters<RestApiClient['executeApiCall']>): void {
    const [method, url, headers, body] = args;
    const done = args.find((argument) => typeof argument === 'function');
    super.executeApiCall(method, url, headers, body, undefined, { port: this.#target.port }, done);
  }
}

/** Azure's unmodified client for the simulated hub's registry. */
export function registryFor(token: string, target: RegistryTarget): Registry {
  return new Registry({ host: target.host ?? 'localhost', sharedAccessSignature: token }, restClientFor(token, target));
}

export function restClientFor(token: string, target: RegistryTarget): RegistryClient {
  const client: unknown = new PortedClient({ host: target.host ?? 'localhost', sharedAccessSignature: token }, target);
  // the SDK has two copies of this class, which are told apart by their types only
  return client as RegistryClient;
}
