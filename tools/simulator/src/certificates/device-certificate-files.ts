/** Files with which a device proves who it is. */
export interface DeviceCertificateFiles {
  /** PEM. */
  readonly certificateFile: string;
  /** PEM. A secret. */
  readonly keyFile: string;
}
