import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import { WebSocket, type WebSocketOptions } from '../../src/index.ts';
import { patient } from './patience.ts';

/** Longer than a busy machine takes for one exchange, and shorter than anything that hangs. */
const SLOWEST_MS = patient(4000);
const PACE_MS = 2;

/** What messages of bystanders begin with, so that a server can answer them and nobody else. */
export const BYSTANDER = 'bystander';

/** A well-behaved client that has message after message echoed while somebody else is attacked. */
export class Bystander {
  served = 0;
  slowestMs = 0;
  readonly #client: WebSocket;
  readonly #running: Promise<void>;
  #isOver = false;

  private constructor(client: WebSocket) {
    this.#client = client;
    this.#running = this.#run();
    // What went wrong is told by `stillServed`.
    this.#running.catch(() => undefined);
  }

  /** Connects; the client is stopped when the test is over. */
  static async join(url: string, options: WebSocketOptions = {}): Promise<Bystander> {
    const client = new WebSocket({ url, closeTimeoutSecs: patient(0.2), ...options });
    const result = await client.connect();
    if (!result.success) throw result.errorInfo.cause;
    const bystander = new Bystander(client);
    onTestFinished(async () => {
      bystander.#isOver = true;
      await client.stop();
    });
    return bystander;
  }

  /** The client is open, and was answered all the time, once more from now on included. */
  async stillServed(): Promise<void> {
    const { served } = this;
    await Promise.race([this.#running, this.#until(() => this.served > served + 1)]);
    this.#isOver = true;
    await this.#running;
    expect(this.#client.getReadyState()).toBe('open');
    expect(this.slowestMs).toBeLessThan(SLOWEST_MS);
  }

  async #until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await delay(PACE_MS);
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const start = performance.now();
      await this.#exchange(`${BYSTANDER} ${this.served}`);
      this.slowestMs = Math.max(this.slowestMs, performance.now() - start);
      this.served++;
      await delay(PACE_MS);
    }
  }

  #exchange(text: string): Promise<void> {
    const client = this.#client;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => finish(new Error(`no answer within ${SLOWEST_MS} ms`)), SLOWEST_MS);
      const finish = (error?: Error): void => {
        clearTimeout(timer);
        client.off('message', onMessage).off('close', onClose);
        if (error === undefined) resolve();
        else reject(error);
      };
      const onMessage = ({ data }: { readonly data: string | Buffer }): void => {
        finish(data === text ? undefined : new Error(`got another answer than ${text}`));
      };
      const onClose = (): void => finish(this.#isOver ? undefined : new Error('the connection was closed'));
      client.on('message', onMessage).on('close', onClose);
      client.send(text);
    });
  }
}
