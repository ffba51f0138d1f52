/** What a caller may do beside scoring. */
export interface Caller {
  /** Load and unload models. */
  readonly mayControl: boolean;
}

/** Decides who may call the service. */
export interface Authenticator extends Disposable {
  /** What a caller has to bring, for logs. */
  readonly kind: 'key' | 'token';
  /**
   * Lets a request pass, or throws.
   *
   * @param authorization the header of that name; for gRPC, the metadata of that name
   * @throws WebError `CredentialsMissing`, `CredentialsInvalid`, `TokenKeysUnavailable`
   */
  authenticate(authorization: string | undefined): Promise<Caller>;
}
