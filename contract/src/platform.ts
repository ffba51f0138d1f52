import Type from 'typebox';
import type { Static } from 'typebox';

/** The platforms for which images are built, in IoT Edge's names. */
export const platforms = ['amd64', 'arm64v8', 'arm32v7'] as const;

export const PlatformSchema = Type.Union(
  platforms.map((name) => Type.Literal(name)) as [
    Type.TLiteral<'amd64'>,
    Type.TLiteral<'arm64v8'>,
    Type.TLiteral<'arm32v7'>,
  ],
);

export type Platform = Static<typeof PlatformSchema>;

/** A platform in OCI's terms, as it stands in an image index. */
export interface OciPlatform {
  readonly os: 'linux';
  readonly architecture: 'amd64' | 'arm64' | 'arm';
  readonly variant?: 'v7' | 'v8';
}

/** The OCI terms of each platform (OCI image-spec 1.1, "image index", property `platform`). */
export const ociPlatforms: Readonly<Record<Platform, OciPlatform>> = {
  amd64: { os: 'linux', architecture: 'amd64' },
  arm64v8: { os: 'linux', architecture: 'arm64', variant: 'v8' },
  arm32v7: { os: 'linux', architecture: 'arm', variant: 'v7' },
};

/** The platform of this machine, or undefined where no image can run. */
export function platformOf(architecture: string): Platform | undefined {
  if (architecture === 'x64') return 'amd64';
  if (architecture === 'arm64') return 'arm64v8';
  if (architecture === 'arm') return 'arm32v7';
  return undefined;
}
