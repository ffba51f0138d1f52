import { expect, it } from 'vitest';
import { wantsPage } from './wants-page.ts';

it.each([
  { accept: undefined, page: false },
  { accept: '', page: false },
  { accept: '*/*', page: false },
  { accept: 'application/json', page: false },
  { accept: 'text/plain', page: false },
  { accept: 'text/*', page: false },
  { accept: 'text/html;q=0', page: false },
  { accept: 'text/html;q=0.5, text/plain', page: false },
  { accept: 'text/html;q=nonsense', page: false },
  { accept: 'text/html', page: true },
  { accept: 'TEXT/HTML;level=1', page: true },
  { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', page: true },
  { accept: 'text/plain;q=0.3, text/html;q=0.7', page: true },
])('a caller that accepts "$accept" gets a page: $page', ({ accept, page }) => {
  expect(wantsPage(accept)).toBe(page);
});
