import { bytes, choice, count, flag, integer, option } from '../../../util/option-kinds.ts';
import { foreignNames, type OptionTable, optionTable, resolveOptions } from '../../../util/option-table.ts';

/** Compression of messages (permessage-deflate, RFC 7692): what is asked for, and how it is done. */
export interface WebSocketPerMessageDeflateOptions {
  /**
   * Offers the extension as a client, accepts it as a server.
   * @default true
   */
  enabled?: boolean | undefined;
  /**
   * Makes the client compress each message by itself, so that the server keeps nothing between messages.
   * @default false on a client, true on a server
   */
  clientNoContextTakeover?: boolean | undefined;
  /**
   * Makes the server compress each message by itself, so that neither side keeps anything between messages.
   * @default false on a client, true on a server
   */
  serverNoContextTakeover?: boolean | undefined;
  /**
   * The client's window is at most this power of two; 8 to 15. A server that is given less than 15 accepts no offer
   * whose client cannot be told so. A client that is given `false` leaves the parameter out of its offer, for the few
   * servers that stumble over it.
   * @default 15
   */
  clientMaxWindowBits?: number | false | undefined;
  /**
   * The server's window is at most this power of two; 8 to 15.
   * @default 15
   */
  serverMaxWindowBits?: number | undefined;
  /**
   * Messages shorter than this many bytes are sent as they are.
   * @default 256 when each message is compressed by itself, 1 otherwise
   */
  threshold?: number | undefined;
  /**
   * Messages longer than this many bytes are sent as they are: compressing takes about 20 ms per MiB, and nothing
   * else happens meanwhile.
   * @default 262144 (256 KiB)
   */
  maxSyncCompressBytes?: number | undefined;
  /**
   * The greatest ratio of a message's length to that of its compressed form, once it is longer than 64 KiB; a longer
   * one closes the connection with 1009. Honest data reaches 1032, zeros for instance, so a limit refuses some of it.
   * @default 256 for messages longer than 1 MiB, none for others
   */
  maxInflateRatio?: number | undefined;
  /**
   * Bytes that the messages of one connection may inflate to in one turn of the event loop, each byte of their
   * compressed form counting as 16 more. With more, the connection is not read until all others have had their turn. A
   * message that takes longer than 5 ms is inflated over several turns in any case.
   * @default 1048576 (1 MiB)
   */
  maxInflateBytesPerTurn?: number | undefined;
  /**
   * The effort to look for repetitions: 0 (not at all) to 9.
   * @default 4
   */
  level?: number | undefined;
  /**
   * The memory level of a compressor: 1 to 9.
   * @default 8
   */
  memLevel?: number | undefined;
  /**
   * The reaction of a client when the server's answer to the offer is against the rules, or is 400 or 500 while the
   * offer asks for a smaller window, at which several libraries stumble: fail, or connect once more without an offer.
   * @default 'fail'
   */
  onBadNegotiation?: 'fail' | 'retry-without' | undefined;
}

/** Checked options with all defaults filled in. */
export interface PerMessageDeflateSettings {
  readonly enabled: boolean;
  readonly clientNoContextTakeover: boolean;
  readonly serverNoContextTakeover: boolean;
  readonly clientMaxWindowBits: number | false;
  readonly serverMaxWindowBits: number;
  /** `undefined` when it follows from what is agreed on. */
  readonly threshold: number | undefined;
  readonly maxSyncCompressBytes: number;
  readonly maxInflateRatio: number | undefined;
  readonly maxInflateBytesPerTurn: number;
  readonly level: number;
  readonly memLevel: number;
  readonly onBadNegotiation: 'fail' | 'retry-without';
}

/** Compressing more at once would need output buffers beyond what Node allows. */
const MAX_SYNC_COMPRESS_BYTES = 2 ** 30;

const windowBits = { min: 8, max: 15 };

/** The habits of those who know `ws`, uWebSockets.js or the names on the wire. */
const foreign = foreignNames({
  clientNoContextTakeover: 'client_no_context_takeover noContextTakeover',
  serverNoContextTakeover: 'server_no_context_takeover',
  clientMaxWindowBits: 'client_max_window_bits windowBits',
  serverMaxWindowBits: 'server_max_window_bits',
  maxInflateRatio: 'maxRatio',
  "'level' and 'memLevel' of perMessageDeflate are all of zlib that there is": 'zlibDeflateOptions zlibInflateOptions',
  'messages are compressed at once, one after the other': 'concurrencyLimit',
});

function tableFor(role: 'client' | 'server'): OptionTable<PerMessageDeflateSettings> {
  const isServer = role === 'server';
  const clientMaxWindowBits = integer(15, windowBits);
  return optionTable<PerMessageDeflateSettings>(
    'perMessageDeflate',
    {
      enabled: flag(true),
      clientNoContextTakeover: flag(isServer),
      serverNoContextTakeover: flag(isServer),
      clientMaxWindowBits: option<number | false>(15, (name, value) =>
        value === false ? false : clientMaxWindowBits.check(name, value),
      ),
      serverMaxWindowBits: integer(15, windowBits),
      threshold: bytes(undefined, { min: 0 }),
      maxSyncCompressBytes: bytes(256 * 1024, { min: 0, max: MAX_SYNC_COMPRESS_BYTES }),
      maxInflateRatio: count(undefined),
      maxInflateBytesPerTurn: bytes(1024 * 1024),
      // With context takeover, 6 takes half as long again for 1 KB of JSON, and saves 3 % of the bytes.
      level: integer(4, { min: 0, max: 9 }),
      memLevel: integer(8, { min: 1, max: 9 }),
      onBadNegotiation: choice('fail', ['fail', 'retry-without']),
    },
    { path: 'perMessageDeflate.', foreign, example: '{ level: … }' },
  );
}

export const deflateTables: Readonly<Record<'client' | 'server', OptionTable<PerMessageDeflateSettings>>> = {
  client: tableFor('client'),
  server: tableFor('server'),
};

/**
 * Checks the options of permessage-deflate; `true` stands for the defaults, `false` switches it off.
 *
 * @throws UsageError (`invalidOption`) naming the first that is wrong
 */
export function resolvePerMessageDeflate(role: 'client' | 'server', value: unknown = true): PerMessageDeflateSettings {
  return Object.freeze(resolveOptions(deflateTables[role], typeof value === 'boolean' ? { enabled: value } : value));
}
