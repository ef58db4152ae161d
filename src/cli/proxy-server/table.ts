import { type CommandTable, flag, value } from '../line/command-table.ts';
import { readPath, readSeconds, readText } from '../line/value-readers.ts';
import { allowedOrigins, maxMessageSize, type ServerValues, serverOptions } from '../peers/shared-options.ts';

export interface ProxyServerValues extends ServerValues {
  readonly remoteHost: string | undefined;
  readonly configPath: string | undefined;
  readonly remoteCaFile: string | undefined;
  readonly allowsPrivate: boolean;
  readonly allowedOrigins: readonly string[];
  readonly isVerbose: boolean;
  readonly timeoutSecs: number;
}

export const proxyServerTable: CommandTable<ProxyServerValues> = {
  name: 'proxy_server',
  summary: 'pass connections on to other servers',
  examples: [
    ['ws proxy_server --remote_host ws://127.0.0.1:9001', 'pass everything on to one server'],
    ['ws proxy_server --config_path routes.txt', 'by host and path, from lines such as chat.example.com=ws://10.0.0.1'],
    ['ws proxy_server --tls-self-signed --remote_host ws://127.0.0.1:9001', 'put TLS in front of a server'],
  ],
  arguments: {},
  options: {
    ...serverOptions,
    remoteHost: value<string | undefined>({
      long: 'remote_host',
      placeholder: 'URL',
      about: 'where to pass on what no route is for; the path of the request is added',
      read: readText,
      fallback: undefined,
    }),
    configPath: value<string | undefined>({
      long: 'config_path',
      placeholder: 'FILE',
      about: 'routes: HOST=URL or HOST/PATH=URL on a line each, or a JSON object of the same',
      read: readPath,
      fallback: undefined,
    }),
    remoteCaFile: value<string | undefined>({
      long: 'remote-ca-file',
      placeholder: 'FILE',
      about: 'TLS: authorities to trust in the servers behind, SYSTEM for those of this machine, NONE for any',
      read: readPath,
      fallback: undefined,
    }),
    allowsPrivate: flag({
      long: 'allow-private',
      about: 'also connect to link-local addresses, which hold the credentials of machines in many clouds',
    }),
    allowedOrigins,
    isVerbose: flag({ short: 'v', long: 'verbose', about: 'show every message' }),
    timeoutSecs: value({
      long: 'timeout',
      placeholder: 'SECONDS',
      about: 'how long connecting to the server behind may take',
      read: readSeconds,
      fallback: 20,
      shownDefault: '20',
    }),
    maxMessageSize: maxMessageSize(1024),
  },
};
