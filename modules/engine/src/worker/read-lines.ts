const MAX_LINE = 16_384;

/** Hands on what a program prints, line by line; a line that is longer than 16 KiB comes in pieces. */
export function readLines(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line.slice(0, MAX_LINE));
    // a program that prints without ever ending a line
    if (rest.length <= MAX_LINE) return;
    take(rest.slice(0, MAX_LINE));
    rest = '';
  });
  stream.on('end', () => {
    if (rest !== '') take(rest);
  });
}
