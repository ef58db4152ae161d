import { checkBoolean, checkInteger, checkOneOf, rejectUnknownOptions } from '../../../util/options.ts';

/** Compression of messages (permessage-deflate, RFC 7692): what is asked for, and how it is done. */
export interface WebSocketPerMessageDeflateOptions {
  /**
   * Whether the extension is offered by a client, and accepted by a server.
   * @default true
   */
  enabled?: boolean | undefined;
  /**
   * Whether the client compresses each message by itself, so that the server keeps nothing between messages.
   * @default false on a client, true on a server
   */
  clientNoContextTakeover?: boolean | undefined;
  /**
   * Whether the server compresses each message by itself, so that neither side keeps anything between messages.
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
   * @default 256 when each message is compressed by itself, 0 otherwise
   */
  threshold?: number | undefined;
  /**
   * Messages longer than this many bytes are sent as they are: compressing takes about 20 ms per MiB, and nothing
   * else happens meanwhile.
   * @default 262144 (256 KiB)
   */
  maxSyncCompressBytes?: number | undefined;
  /**
   * How many times as long as its compressed form a message may be, once it is longer than 64 KiB; a longer one closes
   * the connection with 1009. Honest data reaches 1032, zeros for instance, so a limit refuses some of it.
   * @default none: only maxMessageSize bounds what comes out, while it comes out
   */
  maxInflateRatio?: number | undefined;
  /**
   * How hard to look for repetitions: 0 (not at all) to 9.
   * @default 4
   */
  level?: number | undefined;
  /**
   * How much memory a compressor may take: 1 to 9.
   * @default 8
   */
  memLevel?: number | undefined;
  /**
   * What a client does when the server's answer to the offer is against the rules: fail, or connect once more
   * without an offer.
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
  readonly level: number;
  readonly memLevel: number;
  readonly onBadNegotiation: 'fail' | 'retry-without';
}

const defaults = Object.freeze({
  enabled: true,
  clientMaxWindowBits: 15,
  serverMaxWindowBits: 15,
  maxSyncCompressBytes: 256 * 1024,
  // With context takeover, 6 takes half as long again for 1 KB of JSON, and saves 3 % of the bytes.
  level: 4,
  memLevel: 8,
  onBadNegotiation: 'fail',
});

const KNOWN: readonly string[] = [
  ...Object.keys(defaults),
  'clientNoContextTakeover',
  'serverNoContextTakeover',
  'threshold',
  'maxInflateRatio',
];

/** Compressing more at once would need output buffers beyond what Node allows. */
const MAX_SYNC_COMPRESS_BYTES = 2 ** 30;

/**
 * Checks the options of permessage-deflate; `true` and `undefined` stand for the defaults, `false` switches it off.
 *
 * @throws UsageError (`invalidOption`) naming the first that is wrong
 */
export function resolvePerMessageDeflate(
  role: 'client' | 'server',
  value: boolean | WebSocketPerMessageDeflateOptions | undefined,
): PerMessageDeflateSettings {
  const options = value === undefined || typeof value === 'boolean' ? { enabled: value ?? true } : value;
  rejectUnknownOptions('perMessageDeflate', options, KNOWN);
  const name = (key: string): string => `perMessageDeflate.${key}`;
  const given = (key: keyof typeof defaults): unknown => options[key] ?? defaults[key];
  const integer = (key: keyof typeof defaults, min: number, max: number): number =>
    checkInteger(name(key), given(key), { min, max });
  const isServer = role === 'server';
  const {
    clientNoContextTakeover = isServer,
    serverNoContextTakeover = isServer,
    threshold,
    maxInflateRatio,
  } = options;
  return Object.freeze({
    enabled: checkBoolean(name('enabled'), given('enabled')),
    clientNoContextTakeover: checkBoolean(name('clientNoContextTakeover'), clientNoContextTakeover),
    serverNoContextTakeover: checkBoolean(name('serverNoContextTakeover'), serverNoContextTakeover),
    clientMaxWindowBits: options.clientMaxWindowBits === false ? false : integer('clientMaxWindowBits', 8, 15),
    serverMaxWindowBits: integer('serverMaxWindowBits', 8, 15),
    threshold: threshold === undefined ? undefined : checkInteger(name('threshold'), threshold, { min: 0 }),
    maxSyncCompressBytes: integer('maxSyncCompressBytes', 0, MAX_SYNC_COMPRESS_BYTES),
    maxInflateRatio:
      maxInflateRatio === undefined ? undefined : checkInteger(name('maxInflateRatio'), maxInflateRatio, { min: 1 }),
    level: integer('level', 0, 9),
    memLevel: integer('memLevel', 1, 9),
    onBadNegotiation: checkOneOf(name('onBadNegotiation'), given('onBadNegotiation'), ['fail', 'retry-without']),
  });
}
