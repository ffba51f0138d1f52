import type { Platform } from '@edgewright/contract';
import type { NpmPackage } from './npm-package.ts';

/** A package of npm and the files of it that an image needs. */
export interface PlatformPackage {
  readonly pinned: NpmPackage;
  readonly files: readonly string[];
}

const SHARP = '0.35.5';
const LIBVIPS = '1.3.4';
const LIBVIPS_FILE = 'lib/libvips-cpp.so.8.18.7';

/** The native halves of sharp on Debian and alike (glibc): the addon, and libvips with the codecs. */
export const imageLibraryPackages: Readonly<Record<Platform, readonly PlatformPackage[]>> = {
  amd64: packagesOf('linux-x64', {
    addon: 'sha512-SxFtLTeJInhAA9Q836kux2vZNeOBQEx658qvbboZScr0wIARym3IcGmW7KpVD5sbVg0Ojy+udFQdayYIZyoNog==',
    libvips: 'sha512-GJ//SSXbnwSDes02umB3nDJLFcQzw8a18V8fyhqr6tV515tOEMdImjjxj1AoafMRz56F3PHgftnj1QEKSU1zkw==',
  }),
  arm64v8: packagesOf('linux-arm64', {
    addon: 'sha512-LYVx5JTsOM2CBzmxreh+nl64/3H6Xb09iSLknqH47z2T2DFFxDeFLP5y4dJwe6H7uGQlHPyEEtIqyo3DYsRwdQ==',
    libvips: 'sha512-Y3dgX/6lE2QhQb+Gxy0WZxfg9MEm/JBjamZpS2IklP7xIQoKN4hzAm7KcMVGtaVDt3neE9OKBC7vAfonA/Lr1A==',
  }),
  arm32v7: packagesOf('linux-arm', {
    addon: 'sha512-LEaXK2WdXVK5ykcw0buWyPMsmLLL2vpHLD6yrNSW+JGEL3BZPA4tpKN6iaMc4AxTTAoaX/sU1rOL51lcIz48ZQ==',
    libvips: 'sha512-LmRtTsOHuvM2+wlO2Db37dx5MiZhB0FvSunciw48YjdOkZz9KAiRbm8ujeMOA1INqmei5NapFxYEK1D1ZSidmw==',
  }),
};

function packagesOf(
  system: string,
  integrity: { readonly addon: string; readonly libvips: string },
): readonly PlatformPackage[] {
  return [
    {
      pinned: { name: `@img/sharp-${system}`, version: SHARP, integrity: integrity.addon },
      files: ['package.json', 'LICENSE', 'index.cjs', `lib/sharp-${system}-${SHARP}.node`],
    },
    {
      pinned: { name: `@img/sharp-libvips-${system}`, version: LIBVIPS, integrity: integrity.libvips },
      files: ['package.json', 'README.md', 'versions.json', 'lib/index.js', LIBVIPS_FILE],
    },
  ];
}
