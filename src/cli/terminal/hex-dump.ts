const BYTES_PER_LINE = 16;

/** Bytes as people read them: offset, hexadecimal, and the characters among them. `maxBytes` cuts it off. */
export function hexDump(bytes: Buffer, maxBytes: number): string {
  const shown = bytes.subarray(0, maxBytes);
  const lines: string[] = [];
  for (let start = 0; start < shown.length; start += BYTES_PER_LINE) {
    lines.push(hexLine(shown.subarray(start, start + BYTES_PER_LINE), start));
  }
  const left = bytes.length - shown.length;
  if (left > 0) lines.push(`… and ${left} more bytes`);
  return lines.join('\n');
}

function hexLine(bytes: Buffer, offset: number): string {
  const pairs = bytes.toString('hex').replaceAll(/..(?=.)/g, '$& ');
  const halves = pairs.length > 23 ? `${pairs.slice(0, 23)} ${pairs.slice(23)}` : pairs;
  const characters = bytes.toString('latin1').replaceAll(/[^\x20-\x7e]/g, '.');
  return `${offset.toString(16).padStart(8, '0')}  ${halves.padEnd(48)}  |${characters}|`;
}
