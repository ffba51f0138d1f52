import type { ModelFilter } from './model-registry.ts';
import { ModelsError } from './models-error.ts';

const DEFAULT_PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 1000;

/** How many models one page has. @throws ModelsError `ModelInputInvalid` */
export function pageSizeOf({ pageSize = DEFAULT_PAGE_SIZE }: ModelFilter): number {
  if (Number.isInteger(pageSize) && pageSize >= 1 && pageSize <= MAX_PAGE_SIZE) return pageSize;
  throw new ModelsError(
    'ModelInputInvalid',
    `cannot list models: a page has 1 to ${MAX_PAGE_SIZE} models, not ${pageSize}`,
    { details: { pageSize } },
  );
}
