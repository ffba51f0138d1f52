import type { ErrorEntry } from './entry.ts';

/** Failures of building an image. */
export const packagerErrors = {
  ImageInputInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'What was asked of the packager is not allowed',
    remedy: 'Mend the value that the message names.',
  },
  EntryScriptInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'The entry script cannot be bundled, or lacks what an entry script must export',
    remedy: 'The message names the file, line and reason.',
  },
  PlatformNotPossible: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'The image that was asked for cannot work on one of its platforms',
    remedy: 'Leave the platform out, or change what it cannot carry; the message gives the reason.',
  },
  BaseImageInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'The base image cannot be used',
    remedy: 'Name an OCI layout, a registry reference or `scratch` that has every platform asked for.',
  },
  RuntimePackageMissing: {
    fault: 'self',
    httpStatus: 500,
    meaning: 'A package that the image must carry is not installed beside edgewright',
    remedy: 'Run `npm ci` again; optional packages must not be left out.',
  },
  DependenciesInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'The packages that `dependencies` names cannot be installed for a platform of the image',
    remedy: 'The message has what is wrong with the package.json or its lock, or what npm said.',
  },
  FileChanged: {
    fault: 'self',
    httpStatus: 500,
    meaning: 'A file that goes into the image is not what it was a moment before, or when it was registered',
    remedy: 'Build again; if it stays so, the disk may be failing or another program writes to the file.',
  },
  LayoutUnusable: {
    fault: 'self',
    httpStatus: 500,
    meaning: 'The folder for images cannot be written',
    remedy: 'Check the folder, its permissions and the free space, and that no other build holds it.',
  },
  RegistryRefused: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A container registry refuses what was asked of it',
    remedy: 'Check the name of the image and the credentials; the message holds what the registry said.',
  },
  RegistryFailed: {
    fault: 'remote',
    httpStatus: 502,
    meaning: 'A container registry does not answer, or fails again and again',
    remedy: 'Try again later; what was already sent is not sent again.',
  },
  DockerFailed: {
    fault: 'remote',
    httpStatus: 502,
    meaning: 'The Docker Engine does not answer, or does not do what was asked of it',
    remedy: 'Check that it runs and that you may use it (`docker info`); the message holds what it said.',
  },
  KeyInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'A key for signatures cannot be used',
    remedy: 'Make one with `edgewright key create`, or with openssl: ECDSA, curve P-256, PEM.',
  },
  ImageNotVerified: {
    fault: 'user',
    httpStatus: 409,
    meaning: 'An image is not signed by the key, or building it again does not give the same image',
    remedy: 'Do not deploy it before you know why; the message says what differs.',
  },
  ImageNotFound: {
    fault: 'user',
    httpStatus: 404,
    meaning: 'There is no such image in the layout',
    remedy: 'Run `edgewright image list`, or build the image first.',
  },
  ImageInvalid: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'An image layout is damaged or not an OCI image layout',
    remedy: 'Build the image again; the message names the blob and what is wrong with it.',
  },
} as const satisfies Record<string, ErrorEntry>;
