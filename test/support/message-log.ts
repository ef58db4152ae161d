import type { MessageOf } from '../../src/connection/messages/message-hub.ts';
import { type WebSocketMessage, WebSocketMessageType } from '../../src/connection/messages/messages.ts';
import type { WebSocketConnection } from '../../src/connection/websocket-connection.ts';
import { Watch } from './watch.ts';

/** Everything that happens on a connection, kept in order, through its listeners. */
export class MessageLog {
  readonly all: WebSocketMessage[] = [];
  readonly #taken = new WeakSet<WebSocketMessage>();
  readonly #watch = new Watch();

  constructor(connection: WebSocketConnection) {
    for (const type of Object.values(WebSocketMessageType)) {
      connection.on(type, (message: WebSocketMessage) => this.add(message));
    }
  }

  add(message: WebSocketMessage): void {
    this.all.push(message);
    this.#watch.changed();
  }

  of<T extends WebSocketMessageType>(type: T): MessageOf<T>[] {
    return this.all.filter((message): message is MessageOf<T> => message.type === type);
  }

  /** The data of all messages so far. */
  get data(): (string | Buffer)[] {
    return this.of('message').map((message) => message.data);
  }

  /** The next message of this type that was not asked for yet. */
  async next<T extends WebSocketMessageType>(type: T): Promise<MessageOf<T>> {
    const find = (): MessageOf<T> | undefined => this.of(type).find((message) => !this.#taken.has(message));
    const message = await this.#watch.until(`a message of type ${type}`, find);
    this.#taken.add(message);
    return message;
  }

  /** All messages of this type, once there are `count` of them. */
  async atLeast<T extends WebSocketMessageType>(type: T, count: number): Promise<MessageOf<T>[]> {
    await this.#watch.until(`${count} messages of type ${type}`, () => this.of(type).length >= count);
    return this.of(type);
  }
}
