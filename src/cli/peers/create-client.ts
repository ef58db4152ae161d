import { UsageError, WebSocket, type WebSocketErrorInfo, type WebSocketOptions } from '../../index.ts';
import { CliError, WrongUsage } from '../terminal/cli-errors.ts';
import { adviceFor } from './attempt-advice.ts';
import { tlsHintFor } from './tls-plan.ts';

/** A client for a command: what the library refuses of its options was typed wrong. */
export function createClient(command: string, options: WebSocketOptions): WebSocket {
  try {
    return new WebSocket(options);
  } catch (error) {
    if (error instanceof UsageError) throw new WrongUsage(command, error.message, undefined, { cause: error });
    throw error;
  }
}

/** Why there is no connection, as the failure of a command. */
export function connectFailure(command: string, errorInfo: WebSocketErrorInfo): CliError {
  const { code, reason, cause } = errorInfo;
  if (code === 'invalidUrl') return new WrongUsage(command, reason, `Try 'ws help ${command}'.`, { cause });
  return new CliError(command, reason, hintFor(command, errorInfo), { cause });
}

/** The servers that commands are made for, where any other is of no use. */
const serverFor: ReadonlyMap<string, string> = new Map([
  ['chat', 'broadcast_server'],
  ['autoroute', 'push_server'],
  ['send', 'transfer'],
  ['receive', 'transfer'],
]);

/** Advice for the command line, or in general. */
function hintFor(command: string, errorInfo: WebSocketErrorInfo): string {
  const { code } = errorInfo;
  switch (code) {
    case 'connectionRefused':
      return `Is the server running? 'ws ${serverFor.get(command) ?? 'echo_server'}' starts one to try things out.`;
    case 'lookupFailed':
      return 'Is the name of the host spelled right?';
    case 'invalidSubprotocol':
      return 'Offer a subprotocol of the server with --subprotocol.';
    default:
      return tlsHintFor(code) ?? adviceFor(errorInfo);
  }
}

/** `path` below the path of `base`, in front of the query of both. */
export function urlBelow(base: string, path: string): string {
  const [, stem = '', query = ''] = /^([^?]*)\??(.*)$/s.exec(base) ?? [];
  const url = `${stem.replace(/\/+$/, '')}/${path}`;
  if (query === '') return url;
  return `${url}${path.includes('?') ? '&' : '?'}${query}`;
}
