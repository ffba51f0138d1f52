import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { buildSync } from 'esbuild';

/**
 * modules/web/generated/page.json: the page that a service shows browsers, in one document, with the policy that lets in its own
 * style and script alone. As JSON it goes into every bundle by itself, images included.
 */
export function scoringPage(root: string): string {
  const assets = path.join(root, 'modules/web/src/page/assets');
  const { outputFiles } = buildSync({
    entryPoints: [path.join(assets, 'page.js')],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2023',
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
  });
  const script = (outputFiles[0]?.text ?? '').trim();
  const style = readFileSync(path.join(assets, 'page.css'), 'utf8').trim();
  const html = readFileSync(path.join(assets, 'index.html'), 'utf8')
    .replace('<style></style>', () => `<style>${style}</style>`)
    .replace('<script></script>', () => `<script>${script}</script>`);
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    "connect-src 'self'",
    'img-src blob: data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return `${JSON.stringify({ policy: policy.join('; '), html }, undefined, 2)}\n`;
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
