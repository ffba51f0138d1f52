import { escapeMarkup } from './markup.ts';

export interface PageTable {
  readonly head: readonly string[];
  /** A row a line; what is a number stands right. */
  readonly rows: readonly (readonly (string | number)[])[];
}

export interface PageSection {
  readonly heading: string;
  /** Paragraphs of plain text. */
  readonly text?: readonly string[];
  /** Charts, as SVG. They are taken as they are. */
  readonly charts?: readonly string[];
  readonly table?: PageTable;
}

export interface HtmlPageOptions {
  readonly title: string;
  /** What the reader should know first. */
  readonly lead?: string;
  /** Small figures at the top, such as `requests: 1,024`. */
  readonly facts?: readonly { readonly label: string; readonly value: string; readonly isBad?: boolean }[];
  readonly sections: readonly PageSection[];
  /** Where the figures come from and when, at the end. */
  readonly foot?: string;
}

const STYLE = `
:root{color-scheme:light dark;--ground:light-dark(#f4f6f8,#0e1216);--card:light-dark(#fff,#161c22);--line:light-dark(#dde3e8,#2a343d);
--ink:light-dark(#16202a,#e6edf3);--soft:light-dark(#5a6876,#93a1af);--bad:light-dark(#c81e1e,#f87171);
font:15px/1.5 system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink)}
main{max-width:1080px;margin:0 auto;padding:28px 20px 40px}h1{font-size:22px;margin:0 0 4px}h2{font-size:16px;margin:0 0 10px}
p{margin:0 0 10px}.soft,footer{color:var(--soft)}footer{font-size:13px;margin-top:18px}
section,.facts{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 18px;margin-top:16px}
.facts{display:flex;flex-wrap:wrap;gap:10px 34px}.facts div{min-width:90px}.facts dt{color:var(--soft);font-size:13px}.facts dd{margin:0;font-size:19px;font-weight:600}
.bad{color:var(--bad)}.charts{display:flex;flex-wrap:wrap;gap:14px}.charts svg{flex:1 1 460px;min-width:0;max-width:640px!important}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:14px}th,td{text-align:left;padding:5px 10px;border-bottom:1px solid var(--line);white-space:nowrap}
th{color:var(--soft);font-weight:550}.number{text-align:right;font-variant-numeric:tabular-nums}
@media print{section{break-inside:avoid}}`;

/**
 * A page of text, tables and charts in one file: no script, nothing fetched, light and dark as the reader's system is.
 * All texts are escaped; only charts are taken as they are.
 */
export function htmlPage({ title, lead, facts = [], sections, foot }: HtmlPageOptions): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${escapeMarkup(title)}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    '<main>',
    `<h1>${escapeMarkup(title)}</h1>`,
    ...(lead === undefined ? [] : [`<p class="soft">${escapeMarkup(lead)}</p>`]),
    ...drawFacts(facts),
    ...sections.flatMap(drawSection),
    ...(foot === undefined ? [] : [`<footer>${escapeMarkup(foot)}</footer>`]),
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function drawFacts(facts: NonNullable<HtmlPageOptions['facts']>): string[] {
  if (facts.length === 0) return [];
  const entries = facts.map(({ label, value, isBad = false }) => {
    const look = isBad ? ' class="bad"' : '';
    return `<div><dt>${escapeMarkup(label)}</dt><dd${look}>${escapeMarkup(value)}</dd></div>`;
  });
  return [`<dl class="facts">${entries.join('')}</dl>`];
}

function drawSection({ heading, text = [], charts = [], table }: PageSection): string[] {
  return [
    '<section>',
    `<h2>${escapeMarkup(heading)}</h2>`,
    ...text.map((paragraph) => `<p>${escapeMarkup(paragraph)}</p>`),
    ...(charts.length === 0 ? [] : ['<div class="charts">', ...charts, '</div>']),
    ...(table === undefined ? [] : [drawTable(table)]),
    '</section>',
  ];
}

function drawTable({ head, rows }: PageTable): string {
  const isNumber = head.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'));
  const cell = (tag: 'th' | 'td', value: string | number, column: number): string =>
    `<${tag}${isNumber[column] === true ? ' class="number"' : ''}>${escapeMarkup(String(value))}</${tag}>`;
  const row = (tag: 'th' | 'td', values: readonly (string | number)[]): string =>
    `<tr>${values.map((value, column) => cell(tag, value, column)).join('')}</tr>`;
  return `<div class="scroll"><table><thead>${row('th', head)}</thead><tbody>${rows.map((values) => row('td', values)).join('')}</tbody></table></div>`;
}
