import { ModelsError } from './models-error.ts';

/** Where a registry is. */
export type RegistryPlace =
  | { readonly kind: 'folder'; readonly directory: string }
  | { readonly kind: 'azblob'; readonly account: string; readonly container: string }
  /** `name` is `HOST/REPOSITORY`. */
  | { readonly kind: 'oci'; readonly name: string; readonly plainHttp: boolean };

/** Azure's rules for names of storage accounts, and of containers. */
const ACCOUNT = /^[a-z0-9]{3,24}$/;
const CONTAINER = /^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/;

/**
 * Reads a folder, `azblob://ACCOUNT/CONTAINER`, or `oci://HOST/REPOSITORY` (`oci+http://` for a registry without TLS).
 *
 * @throws ModelsError `RegistryPlaceInvalid`
 */
export function parseRegistryPlace(text: string): RegistryPlace {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(text) ?? [];
  switch (scheme.toLowerCase()) {
    case '':
      if (text === '') throw invalid(text, 'it is empty');
      return { kind: 'folder', directory: text };
    case 'azblob':
      return parseContainer(text, rest.replace(/\/$/, ''));
    case 'oci':
    case 'oci+http':
      return parseRepository(text, rest.replace(/\/$/, ''), scheme.toLowerCase() === 'oci+http');
    default:
      throw invalid(text, `"${scheme}://" is not known`);
  }
}

function parseContainer(text: string, rest: string): RegistryPlace {
  const [account = '', container = '', ...more] = rest.split('/');
  if (!ACCOUNT.test(account)) {
    throw invalid(text, `"${account}" is no storage account: it has 3 to 24 lower-case letters and digits`);
  }
  if (!CONTAINER.test(container)) {
    throw invalid(
      text,
      `"${container}" is no container: it has 3 to 63 lower-case letters, digits and single "-" between them`,
    );
  }
  if (more.length > 0) throw invalid(text, `"${more.join('/')}" is too much: a registry has a container of its own`);
  return { kind: 'azblob', account, container };
}

function parseRepository(text: string, name: string, plainHttp: boolean): RegistryPlace {
  const slash = name.indexOf('/');
  if (slash <= 0 || slash === name.length - 1) throw invalid(text, 'a host and a repository are wanted');
  if (/[:@]/.test(name.slice(slash))) throw invalid(text, 'a repository is wanted, without a tag or digest');
  return { kind: 'oci', name, plainHttp };
}

function invalid(text: string, reason: string): ModelsError {
  return new ModelsError(
    'RegistryPlaceInvalid',
    `"${text}" is no place for a model registry: ${reason}; expected a folder, azblob://ACCOUNT/CONTAINER or oci://HOST/REPOSITORY`,
    { details: { place: text, reason } },
  );
}
