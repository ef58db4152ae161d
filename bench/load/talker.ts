import type { Dialogue } from './dialogue.ts';
import type { RawClient } from './raw-client.ts';

/** One connection, and the number of the message that it sends next. */
export class Talker {
  readonly #client: RawClient;
  readonly #dialogue: Dialogue;
  #next = 0;

  constructor(client: RawClient, dialogue: Dialogue) {
    this.#client = client;
    this.#dialogue = dialogue;
  }

  send(count: number): void {
    const first = this.#next;
    this.#next = this.#dialogue.next(first, count);
    this.#client.socket.write(this.#dialogue.batch(first, count));
  }

  /** Calls back with the number of replies in each read that completes any. */
  listen(onReplies: (count: number) => void): void {
    const countReplies = this.#dialogue.createCounter();
    this.#client.onBytes = (bytes, length) => {
      const count = countReplies(bytes, length);
      if (count > 0) onReplies(count);
    };
  }

  /** One message, whose reply is compared with it: a server that mangles messages is no peer. */
  verify(): Promise<void> {
    const number = this.#next;
    const countReplies = this.#dialogue.createCounter();
    const received: Buffer[] = [];
    return new Promise((resolve) => {
      this.#client.onBytes = (bytes, length) => {
        received.push(Buffer.from(bytes.subarray(0, length)));
        if (countReplies(bytes, length) === 0) return;
        this.#dialogue.checkReply(number, Buffer.concat(received));
        resolve();
      };
      this.send(1);
    });
  }
}
