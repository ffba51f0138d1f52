import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ContractError } from '../errors/contract-error.ts';
import { compileRoute } from './compile-route.ts';
import type { RouteMessage } from './route-message.ts';

const page = readFileSync(new URL('../../../docs/routes.md', import.meta.url), 'utf8');

/** The lines of all blocks of one language. */
function blocks(language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)\\n\`\`\`$`, 'gm'))].map(([, text]) => text ?? '');
}

/** The examples of all blocks of one language, with what stands behind the arrow. */
function examples(language: string): (readonly [example: string, result: string])[] {
  return blocks(language)
    .flatMap((text) => text.split('\n'))
    .map((line) => {
      const arrow = line.lastIndexOf(' → ');
      return [line.slice(0, arrow), line.slice(arrow + 3)] as const;
    });
}

function messageOfPage(): RouteMessage {
  const { body, ...message } = JSON.parse(blocks('json')[0] ?? '') as Omit<RouteMessage, 'body'> & { body: unknown };
  return { ...message, body: JSON.stringify(body) };
}

/** `true`, `false` or `undefined`, or the code of the fault. */
function outcome(route: string, message: RouteMessage): string {
  try {
    return String(compileRoute(route).evaluate(message));
  } catch (error) {
    if (error instanceof ContractError) return String(error.details['code']);
    throw error;
  }
}

const message = messageOfPage();

describe('docs/routes.md', () => {
  it('has examples of every kind', () => {
    expect(examples('condition').length).toBeGreaterThan(70);
    expect(examples('fault').length).toBeGreaterThan(10);
    expect(examples('source').length).toBeGreaterThan(10);
  });

  it.each(blocks('route').flatMap((text) => text.split('\n')))('%s compiles', (route) => {
    expect(compileRoute(route).text).toBe(route);
  });

  it.each(examples('fault'))('%s does not compile: %s', (route, code) => {
    expect(outcome(route, message)).toBe(code);
  });

  it.each(examples('source'))('%s: %s', (pair, result) => {
    const [source = '', from = ''] = pair.split(' ');
    expect(String(compileRoute(`FROM ${source} INTO $upstream`).matchesSource(from))).toBe(result);
  });

  it.each(examples('condition'))('%s is %s', (condition, result) => {
    expect(outcome(`FROM /messages/* WHERE ${condition} INTO $upstream`, message)).toBe(result);
  });

  it('shows a fault as it is printed', () => {
    const [shown = ''] = blocks('text');
    const route = shown.split('\n')[1]?.trim() ?? '';
    expect(() => compileRoute(route)).toThrow(shown);
  });
});
