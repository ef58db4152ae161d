import { UsageError, WebSocket, type WebSocketErrorInfo, type WebSocketOptions } from '../index.ts';
import { CliError, WrongUsage } from './errors.ts';
import { tlsHintFor } from './tls.ts';

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
export function connectFailure(command: string, { code, reason, cause }: WebSocketErrorInfo): CliError {
  if (code === 'invalidUrl') return new WrongUsage(command, reason, `Try 'ws help ${command}'.`, { cause });
  return new CliError(command, reason, hintFor(code), { cause });
}

function hintFor(code: string): string | undefined {
  switch (code) {
    case 'connectionRefused':
      return "Is the server running? 'ws echo_server' starts one to try things out.";
    case 'lookupFailed':
      return 'Is the name of the host spelled right?';
    case 'invalidSubprotocol':
      return 'Offer a subprotocol of the server with --subprotocol.';
    default:
      return tlsHintFor(code);
  }
}

/** `path` below the path of `base`, in front of the query of both. */
export function urlBelow(base: string, path: string): string {
  const [, stem = '', query = ''] = /^([^?]*)\??(.*)$/s.exec(base) ?? [];
  const url = `${stem.replace(/\/+$/, '')}/${path}`;
  if (query === '') return url;
  return `${url}${path.includes('?') ? '&' : '?'}${query}`;
}
