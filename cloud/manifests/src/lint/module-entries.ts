import type { LintEntry } from './lint-entry.ts';

/** The codes of lint about modules: EW3001 and so on. */
export const moduleEntries = {
  EW3001: {
    title: 'Wrong module name',
    severity: 'error',
    reason: 'IoT Hub and edgeAgent refuse it.',
    remedy: 'Use letters, digits, _ and - only.',
  },
  EW3002: {
    title: 'Too many modules',
    severity: 'error',
    reason: 'IoT Hub takes at most 50 modules in a deployment.',
    remedy: 'Join modules, or use more than one device.',
  },
  EW3003: {
    title: 'The image has no fixed version',
    severity: 'warning',
    reason: 'Devices that start at different times run different programs, and nobody can go back to the former one.',
    remedy: 'Name a version tag or, better, a digest.',
  },
  EW3004: {
    title: 'Not an image reference',
    severity: 'error',
    reason: 'The container engine refuses it, and the module never starts.',
    remedy: 'Write [registry/]name[:tag][@digest], the name in lower case.',
  },
  EW3005: {
    title: 'A system module is missing',
    severity: 'error',
    reason: 'A manifest replaces the whole configuration of a device, which cannot do without edgeAgent and edgeHub.',
    remedy: 'Add it to systemModules.',
  },
  EW3006: {
    title: 'The system modules are of different versions',
    severity: 'warning',
    reason: 'edgeAgent and edgeHub are tested together in one version only.',
    remedy: 'Give both images the same tag.',
  },
  EW3007: {
    title: 'The status is missing',
    severity: 'error',
    reason: 'edgeAgent refuses the whole configuration.',
    remedy: 'Add "status": "running".',
  },
  EW3008: {
    title: 'The createOptions are not complete',
    severity: 'error',
    reason:
      'edgeAgent reads createOptions, createOptions01, createOptions02 and so on without a gap, and ignores the rest.',
    remedy: 'Number the pieces without a gap, with two digits, or let `edgewright manifest build` cut them.',
  },
  EW3009: {
    title: 'The createOptions are not a JSON object',
    severity: 'error',
    reason: 'edgeAgent refuses the module.',
    remedy: 'Mend the text; joined together, the pieces must be one JSON object.',
  },
  EW3010: {
    title: 'Two modules want the same port of the device',
    severity: 'error',
    reason: 'The second container that starts fails, and is started again without end.',
    remedy: 'Give one of them another HostPort.',
  },
  EW3011: {
    title: 'The variable belongs to the runtime',
    severity: 'warning',
    reason: 'edgeAgent sets it itself; a module with another value cannot connect.',
    remedy: 'Take it out, or give the variable another name.',
  },
  EW3012: {
    title: 'Desired properties for a module that is not there',
    severity: 'warning',
    reason: 'Nobody reads them.',
    remedy: 'Correct the name, or add the module.',
  },
  EW3013: {
    title: 'edgeHub does not always run',
    severity: 'warning',
    reason: 'Without edgeHub no module gets or sends messages, and modules cannot reach IoT Hub.',
    remedy: 'Set its status to running and its restartPolicy to always.',
  },
  EW3014: {
    title: 'The image does not have the platform',
    severity: 'error',
    reason: 'The device finds nothing to run in it.',
    remedy: 'Package the image for the platform too.',
  },
  EW3015: {
    title: 'Runtime and modules change together',
    severity: 'warning',
    reason: 'If the device fails afterwards, nobody can tell which change did it, and going back undoes both.',
    remedy: 'Roll out the system modules by themselves, and the modules afterwards.',
  },
  EW3016: {
    title: 'The image does not have the backend',
    severity: 'error',
    reason: 'The scorer ends at once when EDGEWRIGHT_BACKEND names a backend that its image was built without.',
    remedy: 'Take the variable out, or build the image with that backend.',
  },
  EW3017: {
    title: 'Not as Azure Stack Edge takes it',
    severity: 'error',
    reason:
      'The Kubernetes of Azure Stack Edge takes no folders of the host, folders only as Mounts of a share, and keeps the ports 35000 and 35001.',
    remedy: 'Name shares in HostConfig.Mounts (Type volume), and choose other ports.',
  },
} as const satisfies Record<string, LintEntry>;
