import type { LoadJob } from '../messages.ts';
import { FrameCounter } from './frame-counter.ts';
import { clientFrame, compressedTextFirstByte, payloadOf, textFirstByte } from './frames.ts';
import { openRawClient, type RawClient, repeat } from './raw-client.ts';
import { measured, verifyWhenAsked, waitForGo } from './stage.ts';

type BroadcastJob = Extract<LoadJob, { kind: 'broadcast' }>;

const offer = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';

/** One client asks for a round of broadcasts; the next one begins when everybody has all of it. */
class BroadcastLoad {
  readonly #job: BroadcastJob;
  readonly #clients: RawClient[] = [];
  readonly #question = clientFrame(payloadOf(8, false), false);
  #missing = 0;
  #onRound: () => void = () => {};

  constructor(job: BroadcastJob) {
    this.#job = job;
  }

  async open(): Promise<void> {
    const { port, connections, deflate } = this.#job;
    await repeat(connections, 16, async () => {
      const client = await openRawClient({ port, extensions: deflate === undefined ? undefined : offer });
      if ((client.extensions !== '') !== (deflate !== undefined)) throw new Error(`agreed on: ${client.extensions}`);
      const counter = new FrameCounter(deflate === undefined ? textFirstByte : compressedTextFirstByte);
      client.onBytes = (bytes, length) => this.#onFrames(counter.count(bytes, length));
      this.#clients.push(client);
    });
  }

  /** Resolves with the number of broadcasts. */
  async run(ms: number): Promise<number> {
    const end = performance.now() + ms;
    let rounds = 0;
    for (; performance.now() < end; rounds++) await this.round();
    return rounds * this.#job.perTurn;
  }

  async round(): Promise<void> {
    this.#missing = this.#clients.length * this.#job.perTurn;
    const over = new Promise<void>((resolve) => {
      this.#onRound = resolve;
    });
    this.#clients[0]?.socket.write(this.#question);
    await over;
  }

  #onFrames(count: number): void {
    this.#missing -= count;
    if (this.#missing < 0) throw new Error('more frames than were sent');
    if (this.#missing === 0) this.#onRound();
  }
}

export async function runBroadcast(job: BroadcastJob): Promise<void> {
  const load = new BroadcastLoad(job);
  await load.open();
  await load.run(job.warmMs);
  await waitForGo();
  await measured(() => load.run(job.measureMs));
  await verifyWhenAsked(() => load.round());
}
