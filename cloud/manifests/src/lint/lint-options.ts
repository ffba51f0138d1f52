/** What is known of an image. */
export interface ImageFacts {
  /** `amd64`, `arm64v8`, `arm32v7`. */
  readonly platforms: readonly string[];
  /** The backend that a scorer's image was built with; absent where that is not known. */
  readonly backend?: string;
}

export interface LintOptions {
  /** What the manifest is called in messages: its file name. */
  readonly source: string;
  /** The platform of the devices, to see whether the images of {@link images} have it. */
  readonly platform?: string;
  /** Facts about images, by their references as they stand in the manifest. */
  readonly images?: Readonly<Record<string, ImageFacts>>;
  /** The manifest that this one follows, to see what changes together. */
  readonly previous?: unknown;
  /** Other tools that the manifest is meant for; what they drop is noted. */
  readonly also?: readonly 'iotedgehubdev'[];
}
