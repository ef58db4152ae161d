import { prepareMessage } from '../../connection/sending/prepare-message.ts';
import type { SendData } from '../../connection/sending/send-data.ts';
import { PreparedMessage } from '../../protocol/websocket/frames/prepared-message.ts';
import { atOnce } from '../../util/call-safely.ts';
import { callback, flag, signal, text, unchecked } from '../../util/option-kinds.ts';
import { type OptionTable, optionTable, resolveOptions } from '../../util/option-table.ts';

/** The options of a message to many. */
export interface BroadcastOptions<C> {
  /**
   * True for a binary message, false for text. A prepared message knows by itself.
   * @default true for everything but strings
   */
  readonly binary?: boolean | undefined;
  /**
   * The subject of the message: for connections with the policy `'conflate'`, it takes the place of one with the same
   * key that still waits.
   */
  readonly key?: string | undefined;
  /** A connection that does not get it. */
  readonly except?: C | undefined;
  /** Returns true for a connection that gets it. It is asked for all connections before anything is sent. */
  readonly filter?: ((webSocket: C) => boolean) | undefined;
}

/** {@link BroadcastOptions} of one that waits for slow consumers. */
export interface BroadcastWhenReadyOptions<C> extends BroadcastOptions<C> {
  /** Gives up waiting: the promise rejects with its reason, and nothing is sent. */
  readonly signal?: AbortSignal | undefined;
}

/** The outcome of a message to many. */
export interface BroadcastInfo {
  /** False for text that is not valid, of which nothing is sent. */
  readonly success: boolean;
  /** Connections that it is on its way to, or waits for. */
  readonly sent: number;
  /** Open connections that do not get it, because they do not read fast enough. */
  readonly dropped: number;
}

/** A connection as a broadcast sees it. */
export interface Recipient {
  readonly isRecipient: boolean;
  /** True while senders that wait have to wait for it. */
  readonly isBlocking: boolean;
  /** Sends it, or keeps it to be sent; false when it is not accepted. */
  offer(message: PreparedMessage, key: string | undefined): boolean;
  /** Resolves when there is room, or the connection is over. */
  whenReady(signal: AbortSignal | undefined): Promise<void>;
}

const broadcastTable: OptionTable<BroadcastWhenReadyOptions<unknown>> = optionTable('a broadcast', {
  binary: flag(undefined),
  key: text(undefined),
  except: unchecked(),
  filter: callback(),
  signal: signal(),
});

function checkOptions<C>(options: BroadcastWhenReadyOptions<C>): BroadcastWhenReadyOptions<C> {
  return resolveOptions(broadcastTable, options) as BroadcastWhenReadyOptions<C>;
}

/** The inside of a connection. */
type RecipientOf<C> = (webSocket: C) => Recipient;

/** The recipients, found out before anything is sent, so that a callback which sends as well does not change the order. */
function select<C>(
  all: Iterable<C>,
  recipientOf: RecipientOf<C>,
  { except, filter }: BroadcastOptions<C>,
): Recipient[] {
  const selected: Recipient[] = [];
  // A filter may make connections come and go.
  for (const webSocket of filter === undefined ? all : [...all]) {
    const recipient = recipientOf(webSocket);
    if (
      webSocket !== except &&
      recipient.isRecipient &&
      (filter === undefined || atOnce('filter', filter(webSocket)))
    ) {
      selected.push(recipient);
    }
  }
  return selected;
}

/** Sends one message to many: encoded once, and compressed once for each window size. */
export function broadcastTo<C>(
  all: Iterable<C>,
  recipientOf: RecipientOf<C>,
  data: SendData | PreparedMessage,
  options: BroadcastOptions<C>,
): BroadcastInfo {
  const { binary, key } = checkOptions(options);
  const message = data instanceof PreparedMessage ? data : prepareMessage(data, binary);
  if (message.payload === undefined) return { success: false, sent: 0, dropped: 0 };
  let sent = 0;
  let dropped = 0;
  const offer = (recipient: Recipient): void => {
    if (!recipient.isRecipient) return;
    if (recipient.offer(message, key)) sent++;
    else dropped++;
  };
  // Without a filter nothing runs in between, and looking at a thousand connections twice costs more than it seems.
  if (options.filter === undefined) {
    const present = [...all];
    for (const webSocket of present) if (webSocket !== options.except) offer(recipientOf(webSocket));
  } else for (const recipient of select(all, recipientOf, options)) offer(recipient);
  return { success: true, sent, dropped };
}

/** The same, once those have room whose policy for slow consumers is `'block'`. */
export async function broadcastWhenReady<C>(
  getAll: () => Iterable<C>,
  recipientOf: RecipientOf<C>,
  data: SendData | PreparedMessage,
  options: BroadcastWhenReadyOptions<C>,
): Promise<BroadcastInfo> {
  const { binary, signal } = checkOptions(options);
  signal?.throwIfAborted();
  const message = data instanceof PreparedMessage ? data : prepareMessage(data, binary);
  for (;;) {
    const slow = select(getAll(), recipientOf, options).find((recipient) => recipient.isBlocking);
    if (slow === undefined) return broadcastTo(getAll(), recipientOf, message, options);
    await slow.whenReady(signal);
  }
}
