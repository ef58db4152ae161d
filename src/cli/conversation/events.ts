import type { WebSocketCloseInfo, WebSocketErrorInfo, WebSocketFrame, WebSocketOpenInfo } from '../../index.ts';
import type { CliError } from '../terminal/cli-errors.ts';
import type { Line } from './outbox.ts';

/** A message that came in, as it is to be shown. */
export interface ShownMessage {
  readonly payload: Line;
  /** The author, where messages name one. */
  readonly from?: string;
  /** The change of `from`, in place of something they wrote. */
  readonly event?: 'join' | 'leave';
}

/** Everything else that is shown. */
export type ConnectEvent =
  /** A remark of the command itself. */
  | { readonly type: 'note'; readonly text: string }
  | { readonly type: 'listening'; readonly url: string }
  | { readonly type: 'open'; readonly openInfo: WebSocketOpenInfo; readonly isServer: boolean }
  | { readonly type: 'ping'; readonly data: string }
  | {
      readonly type: 'pong';
      readonly data: string;
      readonly roundTripMs: number | undefined;
      /** By a command, and not by the heartbeat. */
      readonly isAskedFor: boolean;
    }
  | { readonly type: 'frame'; readonly frame: WebSocketFrame }
  | { readonly type: 'close'; readonly closeInfo: WebSocketCloseInfo; readonly explanation: string | undefined }
  | {
      readonly type: 'error';
      readonly errorInfo: WebSocketErrorInfo;
      readonly failure: CliError;
      /** No attempt follows. */
      readonly isLast: boolean;
    }
  /** Something that was asked for cannot be done. */
  | { readonly type: 'problem'; readonly error: CliError };
