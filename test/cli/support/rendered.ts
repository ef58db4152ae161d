/**
 * The screen of a terminal after `output` was written to it, as lines without the empty ones at the end. It knows what
 * readline and the command write, and throws for everything else: that would be text that drives the terminal.
 */
export function rendered(output: string, columns = 80): string[] {
  const lines: string[][] = [[]];
  let row = 0;
  let column = 0;
  const lineAt = (index: number): string[] => {
    while (lines.length <= index) lines.push([]);
    return lines[index] ?? [];
  };
  const put = (character: string): void => {
    if (column === columns) {
      row++;
      column = 0;
    }
    const line = lineAt(row);
    while (line.length < column) line.push(' ');
    line[column++] = character;
  };
  const move = (count: number, final: string): void => {
    if (final === 'A') row = Math.max(0, row - count);
    else if (final === 'B') row += count;
    else if (final === 'C') column = Math.min(columns - 1, column + count);
    else if (final === 'D') column = Math.max(0, Math.min(column, columns - 1) - count);
    else column = count - 1;
  };
  for (const [part, digits = '', final = ''] of output.matchAll(/\u001b\[(\d*)([ABCDGJKm])|[^]/gu)) {
    if (part === '\u001b') throw new Error(`not understood: ${JSON.stringify(output)}`);
    if (part === '\n') {
      row++;
      // The terminal's driver, or the missing one of a test, makes a new line of it.
      column = 0;
    } else if (part === '\r') column = 0;
    else if (part === '\u0007') continue;
    else if (final === 'm') continue;
    else if (final === 'J' || final === 'K') {
      lineAt(row).length = Math.min(lineAt(row).length, column);
      if (final === 'J') lines.length = row + 1;
    } else if (final === '') put(part);
    else move(digits === '' ? 1 : Number(digits), final);
  }
  const shown = lines.map((line) => line.join('').trimEnd());
  while (shown.at(-1) === '') shown.pop();
  return shown;
}
