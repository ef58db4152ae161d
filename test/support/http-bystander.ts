import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import type { HttpRequest } from '../../src/index.ts';
import { HttpResponse } from '../../src/index.ts';
import { nodeRequest } from './http-running.ts';
import { patient } from './patience.ts';

/** Longer than a busy machine takes for one exchange, and shorter than anything that hangs. */
const SLOWEST_MS = patient(4000);
const PACE_MS = 2;

/** Answers a bystander; `undefined` for anybody else's request. */
export function answerBystander(request: HttpRequest): HttpResponse | undefined {
  if (!request.uri.startsWith('/bystander')) return undefined;
  return new HttpResponse(200, 'OK', 'Ok', {}, `${request.uri} ${request.text()}`);
}

/** A well-behaved client that asks again and again, on one connection, while somebody else attacks. */
export class HttpBystander {
  served = 0;
  slowestMs = 0;
  readonly #port: number;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  readonly #running: Promise<void>;
  #isOver = false;

  constructor(port: number) {
    this.#port = port;
    this.#running = this.#run();
    // What went wrong is told by `stillServed`.
    this.#running.catch(() => undefined);
    onTestFinished(() => {
      this.#isOver = true;
      this.#agent.destroy();
    });
  }

  /** It was answered all the time, once more from now on included. */
  async stillServed(): Promise<void> {
    const { served } = this;
    while (this.served <= served + 1) await Promise.race([this.#running, delay(PACE_MS)]);
    this.#isOver = true;
    await this.#running;
    expect(this.slowestMs).toBeLessThan(SLOWEST_MS);
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const start = performance.now();
      const path = `/bystander/${this.served}`;
      const { status, body } = await nodeRequest({
        port: this.#port,
        path,
        method: 'POST',
        agent: this.#agent,
        body: 'hello',
        timeout: SLOWEST_MS,
      });
      if (status !== 200 || body.toString() !== `${path} hello`)
        throw new Error(`status ${status}: ${body.toString()}`);
      this.slowestMs = Math.max(this.slowestMs, performance.now() - start);
      this.served++;
      await delay(PACE_MS);
    }
  }
}
