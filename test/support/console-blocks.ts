/** A command of a documentation page, and what it should print. */
export interface DocumentedCommand {
  readonly line: number;
  readonly command: string;
  /** Lines of expected output. `…` stands for any text in a line; alone on a line, for any lines. */
  readonly expected: readonly string[];
}

/** Reads the commands of the ```console blocks of a Markdown page. */
export function consoleCommands(markdown: string): DocumentedCommand[] {
  const commands: { line: number; command: string; expected: string[] }[] = [];
  let inside = false;
  for (const [index, text] of markdown.split('\n').entries()) {
    if (text.startsWith('```')) inside = text === '```console';
    else if (inside && text.startsWith('$ ')) commands.push({ line: index + 1, command: text.slice(2), expected: [] });
    else if (inside) commands.at(-1)?.expected.push(text);
  }
  return commands;
}

/** Whether a program's output is what the page says. */
export function outputFits(output: string, expected: readonly string[]): boolean {
  const pattern = expected
    .map((line) => (line === '…' ? '(?:.*\\n)*?' : `${line.split('…').map(escaped).join('.*')}\\n`))
    .join('');
  return new RegExp(`^${pattern}$`).test(`${output.trimEnd()}\n`);
}

function escaped(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&');
}
