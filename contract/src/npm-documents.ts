import Type from 'typebox';
import type { Static } from 'typebox';

const Packages = Type.Optional(Type.Record(Type.String(), Type.String()));

/** What is read of a package.json. */
export const NpmManifestSchema = Type.Object({ dependencies: Packages, optionalDependencies: Packages });

/** What is read of a package-lock.json, of npm 7 and newer. */
export const NpmLockSchema = Type.Object({
  lockfileVersion: Type.Integer({ minimum: 2, description: 'the version of a lock of npm 7 and newer' }),
  /** By place: `node_modules/a/node_modules/b`; the project itself is ``. */
  packages: Type.Record(
    Type.String(),
    Type.Object({
      link: Type.Optional(Type.Boolean()),
      resolved: Type.Optional(Type.Unknown()),
      hasInstallScript: Type.Optional(Type.Boolean()),
      dev: Type.Optional(Type.Boolean()),
    }),
  ),
});

export type NpmManifest = Static<typeof NpmManifestSchema>;
export type NpmLock = Static<typeof NpmLockSchema>;
