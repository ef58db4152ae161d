/** A command in a line that begins with a slash. */
export type SlashCommand =
  | { readonly kind: 'stop' | 'start' | 'quit' | 'help' | 'headers' | 'stats' }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string }
  | { readonly kind: 'ping'; readonly data: string }
  | { readonly kind: 'binary'; readonly isOn: boolean | undefined }
  | { readonly kind: 'send'; readonly path: string }
  /** A word that is known, with something behind it that makes no sense. */
  | { readonly kind: 'wrong'; readonly usage: string };

/** The commands that can be typed, and their effects. */
const usages = [
  ['/ping [DATA]', 'send a ping, and show its answer'],
  ['/send FILE', 'send what is in a file: as text when it is UTF-8, otherwise as binary'],
  ['/binary [on|off]', 'send lines as binary messages from now on, or as text'],
  ['/headers', 'show the headers of the answer of the server'],
  ['/stats', 'show how much was sent and received'],
  ['/close [CODE [REASON]]', 'close the connection; 1000 unless another code is given'],
  ['/stop', 'close the connection, and connect no more'],
  ['/start', 'connect again'],
  ['/quit', 'close the connection, and end'],
  ['/help', 'show this'],
] as const;

/** The help in lines. */
export const slashHelp: readonly string[] = [
  ...usages.map(([usage, about]) => `${usage.padEnd(24)}${about}`),
  'Every other line is sent.',
];

/** Reads a line; `undefined` for everything that is a message, lines with unknown slash words included. */
export function parseSlashCommand(line: string): SlashCommand | undefined {
  const [, word, rest = ''] = /^\/([a-z]+)(?:\s+(.*?))?\s*$/.exec(line) ?? [];
  switch (word) {
    case 'stop':
    case 'start':
    case 'quit':
    case 'help':
    case 'headers':
    case 'stats':
      return rest === '' ? { kind: word } : wrong(word);
    case 'ping':
      return { kind: word, data: rest };
    case 'send':
      return rest === '' ? wrong(word) : { kind: word, path: rest };
    case 'binary':
      if (rest === '') return { kind: word, isOn: undefined };
      return rest === 'on' || rest === 'off' ? { kind: word, isOn: rest === 'on' } : wrong(word);
    case 'close': {
      const [, code = '1000', reason = ''] = /^(?:(\d{4})(?:\s+(.*))?)?$/.exec(rest) ?? [undefined, '0'];
      return code === '0' ? wrong(word) : { kind: word, code: Number(code), reason };
    }
    default:
      return undefined;
  }
}

function wrong(word: string): SlashCommand {
  return { kind: 'wrong', usage: usages.find(([usage]) => usage.split(' ')[0] === `/${word}`)?.[0] ?? `/${word}` };
}
