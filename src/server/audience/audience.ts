import type { SendData } from '../../connection/sending/send-data.ts';
import type { PreparedMessage } from '../../protocol/websocket/frames/prepared-message.ts';
import { checkString } from '../../util/options.ts';
import type { ConnectionState } from '../connection-state.ts';
import { connectionOf, type ServerWebSocket } from '../server-websocket.ts';
import {
  type BroadcastInfo,
  type BroadcastOptions,
  type BroadcastWhenReadyOptions,
  broadcastTo,
  broadcastWhenReady,
} from './broadcast.ts';
import { type TopicLimits, Topics } from './topics.ts';

/** The open connections of a server as those that a message may be for, and what did not reach them. */
export class Audience<S extends ConnectionState, D> {
  readonly clients: ReadonlySet<ServerWebSocket<S, D>>;
  readonly topics: Topics<ServerWebSocket<S, D>>;
  /** Messages that were dropped because clients do not read fast enough. */
  droppedMessages = 0;
  /** The payload bytes of {@link droppedMessages}. */
  droppedBytes = 0;

  constructor(clients: ReadonlySet<ServerWebSocket<S, D>>, limits: TopicLimits) {
    this.clients = clients;
    this.topics = new Topics(limits);
  }

  onDropped(payloadSize: number): void {
    this.droppedMessages++;
    this.droppedBytes += payloadSize;
  }

  broadcast(data: SendData | PreparedMessage, options: BroadcastOptions<ServerWebSocket<S, D>>): BroadcastInfo {
    return broadcastTo(this.clients, connectionOf, data, options);
  }

  broadcastWhenReady(
    data: SendData | PreparedMessage,
    options: BroadcastWhenReadyOptions<ServerWebSocket<S, D>>,
  ): Promise<BroadcastInfo> {
    return broadcastWhenReady(() => this.clients, connectionOf, data, options);
  }

  publish(
    topic: string,
    data: SendData | PreparedMessage,
    options: BroadcastOptions<ServerWebSocket<S, D>>,
  ): BroadcastInfo {
    return broadcastTo(this.topics.subscribersOf(checkString('topic', topic)) ?? [], connectionOf, data, options);
  }

  publishWhenReady(
    topic: string,
    data: SendData | PreparedMessage,
    options: BroadcastWhenReadyOptions<ServerWebSocket<S, D>>,
  ): Promise<BroadcastInfo> {
    checkString('topic', topic);
    return broadcastWhenReady(() => this.topics.subscribersOf(topic) ?? [], connectionOf, data, options);
  }
}
