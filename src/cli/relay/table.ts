import type { CommandTable } from '../line/command-table.ts';
import { allowedOrigins, maxMessageSize, type ServerValues, serverOptions } from '../peers/shared-options.ts';

export interface RelayValues extends ServerValues {
  readonly allowedOrigins: readonly string[];
}

const options = { ...serverOptions, maxMessageSize: maxMessageSize(1024), allowedOrigins };

export const transferTable: CommandTable<RelayValues> = {
  name: 'transfer',
  summary: 'bring ws send and ws receive together',
  examples: [
    ['ws transfer', 'listen on ws://127.0.0.1:8008/'],
    ['ws transfer --host 0.0.0.0 --tls-self-signed', 'for other machines, encrypted'],
    ['ws transfer --json', 'with a JSON object for every event'],
  ],
  arguments: {},
  options,
};

export const broadcastServerTable: CommandTable<RelayValues> = {
  name: 'broadcast_server',
  summary: 'send every message to all other clients',
  examples: [
    ['ws broadcast_server', 'listen on ws://127.0.0.1:8008/'],
    ['ws broadcast_server --port 0 -q', 'on any free port, without a log'],
    ["ws broadcast_server --allow-origin '*'", 'let every web page take part'],
  ],
  arguments: {},
  options,
};
