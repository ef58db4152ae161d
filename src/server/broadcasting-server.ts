import type { SendData } from '../connection/sending/send-data.ts';
import type { PreparedMessage } from '../protocol/websocket/frames/prepared-message.ts';
import { checkString } from '../util/options.ts';
import {
  type BroadcastInfo,
  type BroadcastOptions,
  type BroadcastWhenReadyOptions,
  broadcastTo,
  broadcastWhenReady,
} from './audience/broadcast.ts';
import { Topics } from './audience/topics.ts';
import { ConfigurableServer } from './configurable-server.ts';
import type { ConnectionState } from './connection-state.ts';
import type { SocketServerOptions } from './server-options.ts';
import { connectionOf, type ServerWebSocket } from './server-websocket.ts';

/** What a server sends to many of its connections. */
export abstract class BroadcastingServer<S extends ConnectionState, D> extends ConfigurableServer<S, D> {
  /** @internal */
  readonly topics: Topics<ServerWebSocket<S, D>>;

  protected constructor(options: SocketServerOptions<S, D>) {
    super(options);
    this.topics = new Topics(this.options);
  }

  private lostMessages = 0;
  private lostBytes = 0;

  /** Messages that were dropped because clients do not read fast enough, of all connections since the beginning. */
  get droppedMessages(): number {
    return this.lostMessages;
  }

  /** The payload bytes of {@link droppedMessages}. */
  get droppedBytes(): number {
    return this.lostBytes;
  }

  /** @internal */
  onClientDropped(payloadSize: number): void {
    this.lostMessages++;
    this.lostBytes += payloadSize;
  }

  abstract getClients(): ReadonlySet<ServerWebSocket<S, D>>;

  /**
   * Sends a message to all open connections. It is encoded once, and compressed once for each window size that clients
   * asked for; where messages are compressed with context takeover, once for each connection. Broadcasts of one turn of
   * the event loop leave together.
   *
   * A connection that does not read fast enough is treated as its policy `slowConsumer` says, and the others are not
   * held up; what is dropped is counted.
   *
   * @param data what to send, or what `prepareMessage()` made of it
   * @throws UsageError (`invalidOption`) when `data` is not something that can be sent, or an option is wrong
   *
   * @example
   * server.broadcast('hello, everybody else', { except: webSocket });
   */
  broadcast(data: SendData | PreparedMessage, options: BroadcastOptions<ServerWebSocket<S, D>> = {}): BroadcastInfo {
    return broadcastTo(this.getClients(), connectionOf, data, options);
  }

  /**
   * The same, once those connections have room whose policy for slow consumers is `'block'`. Set `sendTimeoutSecs`, or
   * give a signal, so that one that never reads does not hold this up for ever.
   */
  broadcastWhenReady(
    data: SendData | PreparedMessage,
    options: BroadcastWhenReadyOptions<ServerWebSocket<S, D>> = {},
  ): Promise<BroadcastInfo> {
    return broadcastWhenReady(() => this.getClients(), connectionOf, data, options);
  }

  /**
   * Sends a message to the connections that have subscribed to a topic, as {@link broadcast} does to all.
   *
   * @example
   * server.publish('news', 'it rains');
   */
  publish(
    topic: string,
    data: SendData | PreparedMessage,
    options: BroadcastOptions<ServerWebSocket<S, D>> = {},
  ): BroadcastInfo {
    return broadcastTo(this.topics.subscribersOf(checkString('topic', topic)) ?? [], connectionOf, data, options);
  }

  /** {@link publish}, once those subscribers have room whose policy for slow consumers is `'block'`. */
  publishWhenReady(
    topic: string,
    data: SendData | PreparedMessage,
    options: BroadcastWhenReadyOptions<ServerWebSocket<S, D>> = {},
  ): Promise<BroadcastInfo> {
    checkString('topic', topic);
    return broadcastWhenReady(() => this.topics.subscribersOf(topic) ?? [], connectionOf, data, options);
  }

  /** How many connections have subscribed to a topic. */
  getSubscriberCount(topic: string): number {
    return this.topics.subscribersOf(topic)?.size ?? 0;
  }

  /**
   * Makes this a server that sends every message it gets to all other connections, in place of what
   * `setOnClientMessageCallback()` had set.
   */
  makeBroadcastServer(): void {
    this.setOnClientMessageCallback((_connectionState, webSocket, msg) => {
      if (msg.type === 'message') this.broadcast(msg.data, { binary: msg.binary, except: webSocket });
    });
  }
}
