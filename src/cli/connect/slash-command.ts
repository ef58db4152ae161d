/** What a line that begins with a slash asks for. */
export type SlashCommand =
  | { readonly kind: 'stop' | 'start' | 'quit' }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string }
  | { readonly kind: 'ping'; readonly data: string };

/** Reads a line; `undefined` for everything that is a message, lines with unknown slash words included. */
export function parseSlashCommand(line: string): SlashCommand | undefined {
  const [, word, rest = ''] = /^\/([a-z]+)(?:\s+(.*?))?\s*$/.exec(line) ?? [];
  switch (word) {
    case 'stop':
    case 'start':
    case 'quit':
      return rest === '' ? { kind: word } : undefined;
    case 'ping':
      return { kind: word, data: rest };
    case 'close': {
      const [, code = '1000', reason = ''] = /^(?:(\d{4})(?:\s+(.*))?)?$/.exec(rest) ?? [undefined, '0'];
      return code === '0' ? undefined : { kind: word, code: Number(code), reason };
    }
    default:
      return undefined;
  }
}
