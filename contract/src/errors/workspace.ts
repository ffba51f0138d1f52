import type { ErrorEntry } from './entry.ts';

/** Failures of the workspace facade. */
export const workspaceErrors = {
  WorkspaceUnusable: {
    fault: 'user',
    httpStatus: 400,
    meaning: 'The workspace folder cannot be used',
    remedy: 'Check the path and the permissions, or choose another folder with --workspace.',
  },
} as const satisfies Record<string, ErrorEntry>;
