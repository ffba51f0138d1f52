import { X509Certificate } from 'node:crypto';
import path from 'node:path';
import type { Hub } from '../hub/hub.ts';
import { writePrivateFile } from '../state/write-private-file.ts';
import type { CertificateAuthority } from './certificate-authority.ts';
import type { DeviceCertificateFiles } from './device-certificate-files.ts';

export interface DeviceCertificatesOptions {
  readonly hub: Hub;
  readonly authority: CertificateAuthority;
  /** Made when it is not there. */
  readonly directory: string;
}

/** Gives devices certificates of the simulator's authority, for those that authenticate with one. */
export class DeviceCertificates {
  readonly #options: DeviceCertificatesOptions;

  constructor(options: DeviceCertificatesOptions) {
    this.#options = options;
  }

  /** Makes a certificate with the device's id as its common name; its thumbprint goes to the hub where the hub wants that. */
  async issue(deviceId: string): Promise<DeviceCertificateFiles> {
    const { hub, authority, directory } = this.#options;
    const identity = hub.requireIdentity(deviceId);
    const made = await authority.issue({ commonName: deviceId, purpose: 'client', alternativeNames: [] });
    const name = encodeURIComponent(deviceId).replaceAll(/[.*]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`);
    const certificateFile = path.join(directory, `${name}.pem`);
    const keyFile = path.join(directory, `${name}-key.pem`);
    writePrivateFile(keyFile, made.privateKey);
    writePrivateFile(certificateFile, made.certificate);
    if (identity.authentication === 'selfSigned') {
      const primaryThumbprint = new X509Certificate(made.certificate).fingerprint256.replaceAll(':', '');
      hub.updateIdentity({ deviceId }, { primaryThumbprint });
    }
    return { certificateFile, keyFile };
  }
}
