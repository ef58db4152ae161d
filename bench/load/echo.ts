import type { LoadJob } from '../messages.ts';
import { binaryFirstByte, clientFrame, payloadOf, serverFrame, textFirstByte } from './frames.ts';
import { openRawClient, type RawClient, repeat } from './raw-client.ts';
import { measured, waitForGo } from './stage.ts';

type EchoJob = Extract<LoadJob, { kind: 'echo' }>;

/** Keeps `inFlight` messages under way on each connection: as many as one read brought back go out in one write. */
class EchoLoad {
  readonly #job: EchoJob;
  /** At index n, n frames ready to be written. */
  readonly #batches: readonly Buffer[];
  readonly #reply: Buffer;
  readonly #firstByte: number;
  readonly #clients: RawClient[] = [];
  #replies = 0;
  #unanswered = 0;
  #isStopping = false;
  #onDrained: () => void = () => {};

  constructor(job: EchoJob) {
    this.#job = job;
    const payload = payloadOf(job.size, job.binary);
    const frame = clientFrame(payload, job.binary);
    const all = Buffer.concat(Array.from({ length: job.inFlight }, () => frame));
    this.#batches = Array.from({ length: job.inFlight + 1 }, (_, n) => all.subarray(0, n * frame.length));
    this.#reply = serverFrame(payload, job.binary);
    this.#firstByte = job.binary ? binaryFirstByte : textFirstByte;
  }

  async open(): Promise<void> {
    await repeat(this.#job.connections, 16, async () => {
      const client = await openRawClient({ port: this.#job.port });
      this.#clients.push(client);
    });
  }

  /** One round trip of every connection, compared byte by byte: a server that mangles messages is no peer. */
  async verify(): Promise<void> {
    await Promise.all(this.#clients.map((client) => this.#verifyOne(client)));
  }

  #verifyOne(client: RawClient): Promise<void> {
    const received: Buffer[] = [];
    let missing = this.#reply.length;
    return new Promise((resolve) => {
      client.onBytes = (bytes, length) => {
        received.push(Buffer.from(bytes.subarray(0, length)));
        missing -= length;
        if (missing > 0) return;
        if (!Buffer.concat(received).equals(this.#reply)) throw new Error('a reply is not what was sent');
        resolve();
      };
      this.#send(client, 1);
    });
  }

  /** Sends for that long, waits for the last reply, and resolves with the number of replies. */
  async run(ms: number): Promise<number> {
    this.#replies = 0;
    this.#isStopping = false;
    this.#unanswered = this.#clients.length * this.#job.inFlight;
    const drained = new Promise<void>((resolve) => {
      this.#onDrained = resolve;
    });
    for (const client of this.#clients) {
      client.onBytes = this.#replyCounter(client);
      this.#send(client, this.#job.inFlight);
    }
    setTimeout(() => {
      this.#isStopping = true;
    }, ms);
    await drained;
    return this.#replies;
  }

  #send(client: RawClient, count: number): void {
    const batch = this.#batches[count];
    if (batch === undefined) throw new Error(`${count} replies to ${this.#job.inFlight} messages`);
    client.socket.write(batch);
  }

  /** All replies have one size, so dividing counts them; the first byte of a read that begins a frame is checked. */
  #replyCounter(client: RawClient): (bytes: Buffer, length: number) => void {
    const replyBytes = this.#reply.length;
    let partial = 0;
    return (bytes, length) => {
      if (partial === 0 && bytes[0] !== this.#firstByte) throw new Error(`a frame began with ${bytes[0]}`);
      const available = partial + length;
      const count = Math.floor(available / replyBytes);
      partial = available - count * replyBytes;
      if (count === 0) return;
      this.#replies += count;
      if (!this.#isStopping) {
        this.#send(client, count);
        return;
      }
      this.#unanswered -= count;
      if (this.#unanswered === 0) this.#onDrained();
    };
  }
}

export async function runEcho(job: EchoJob): Promise<void> {
  const load = new EchoLoad(job);
  await load.open();
  await load.verify();
  await load.run(job.warmMs);
  await load.verify();
  await waitForGo();
  await measured(() => load.run(job.measureMs));
}
