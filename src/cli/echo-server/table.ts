import { type CommandTable, flag, value } from '../line/command-table.ts';
import { readText } from '../line/value-readers.ts';
import { deflateThreshold, type ServerValues, serverOptions } from '../peers/shared-options.ts';

export interface EchoServerValues extends ServerValues {
  readonly deflateThreshold: number | undefined;
  readonly greets: boolean;
  readonly authorization: string | undefined;
  readonly isStart: boolean;
}

export const echoServerTable: CommandTable<EchoServerValues> = {
  name: 'echo_server',
  summary: 'send every message back to where it came from',
  examples: [
    ['ws echo_server', 'listen on ws://127.0.0.1:8008/'],
    ['ws echo_server --port 0 -q', 'on any free port, without a log'],
    ['ws echo_server --host 0.0.0.0 --http_authorization_header secret', 'for other machines that know the secret'],
  ],
  arguments: {},
  options: {
    ...serverOptions,
    deflateThreshold,
    greets: flag({ short: 'g', long: 'greetings', about: "send 'Welcome !' to every client" }),
    authorization: value<string | undefined>({
      long: 'http_authorization_header',
      placeholder: 'VALUE',
      about: "serve only clients whose 'Authorization' header is exactly this",
      read: readText,
      fallback: undefined,
    }),
    isStart: flag({
      long: 'start',
      about: 'take the next free port when the port is taken, and say how to talk to the server',
      isHidden: true,
    }),
  },
};
