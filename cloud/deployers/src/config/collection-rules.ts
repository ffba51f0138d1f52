import type { DeployedCollection, DeploymentConfig } from '@edgewright/contract';
import { DeployersError } from '../deployers-error.ts';

/** What a service is to collect: the long form of `collectModelData`; undefined when it says nothing. */
export function collectionOf({
  collectModelData,
}: Pick<DeploymentConfig, 'collectModelData'>): DeployedCollection | undefined {
  return typeof collectModelData === 'boolean' ? { enabled: collectModelData } : collectModelData;
}

/** A service must have a place for what it collects, and whatever lets it write there. */
export function checkCollection(written: DeploymentConfig, source: string): void {
  const collection = collectionOf(written);
  const isLocal = written.computeType === 'local';
  const { storageEnabled } = 'dataCollection' in written ? (written.dataCollection ?? {}) : {};
  if (storageEnabled === true && collection === undefined) {
    throw invalid(
      source,
      '$.dataCollection.storageEnabled',
      'there is no storage account of a workspace: name the container and what lets the service write to it as collectModelData',
    );
  }
  if (collection === undefined || collection.enabled === false) return;
  if (written.computeType === 'local' && written.container === true) {
    throw invalid(
      source,
      '$.collectModelData',
      'a service of this machine collects as a process, for its container keeps nothing: leave container out',
    );
  }
  const { container, folder, credentialFile, hashKeyFile, redact = [] } = collection;
  if (container !== undefined && folder !== undefined) {
    throw invalid(source, '$.collectModelData.folder', 'data go to one place: leave the folder or the container out');
  }
  if (!isLocal && folder !== undefined) {
    throw invalid(source, '$.collectModelData.folder', 'a folder of a replica ends with it: name a container');
  }
  if (!isLocal && container === undefined && credentialFile === undefined) {
    throw invalid(
      source,
      '$.collectModelData',
      'there is no place for the data: name the container, and as credentialFile the file with a connection string or a SAS for it',
    );
  }
  if (container !== undefined && credentialFile === undefined) {
    throw invalid(
      source,
      '$.collectModelData.credentialFile',
      'nothing lets the service write to the container: name the file with a connection string or a SAS for it',
    );
  }
  if (hashKeyFile === undefined && redact.some(({ action }) => action === 'hash')) {
    throw invalid(
      source,
      '$.collectModelData.hashKeyFile',
      'a field is to be hashed: name the file with the key for it',
    );
  }
}

function invalid(source: string, path: string, reason: string): DeployersError {
  return new DeployersError('DeploymentConfigInvalid', `${source} is not valid: ${path}: ${reason}`, {
    details: { source, path, reason },
  });
}
