import type { LoadJob } from '../messages.ts';
import { createDialogue, type Dialogue } from './dialogue.ts';
import { openRawClient, repeat } from './raw-client.ts';
import { measured, verifyWhenAsked, waitForGo } from './stage.ts';
import { Talker } from './talker.ts';

type EchoJob = Extract<LoadJob, { kind: 'echo' }>;

/** Keeps `inFlight` messages under way on each connection: as many as one read brought back go out in one write. */
class EchoLoad {
  readonly #job: EchoJob;
  readonly #dialogue: Dialogue;
  readonly #talkers: Talker[] = [];
  #replies = 0;
  #unanswered = 0;
  #isStopping = false;
  #onDrained: () => void = () => {};

  constructor(job: EchoJob) {
    this.#job = job;
    this.#dialogue = createDialogue(job);
  }

  async open(): Promise<void> {
    const { port, connections, trusted } = this.#job;
    const { extensions } = this.#dialogue;
    await repeat(connections, 16, async () => {
      const client = await openRawClient({ port, extensions, trusted });
      this.#dialogue.checkExtensions(client.extensions);
      this.#talkers.push(new Talker(client, this.#dialogue));
    });
  }

  async verify(): Promise<void> {
    await Promise.all(this.#talkers.map((talker) => talker.verify()));
  }

  /** Sends for that long, waits for the last reply, and resolves with the number of replies. */
  async run(ms: number): Promise<number> {
    this.#replies = 0;
    this.#isStopping = false;
    this.#unanswered = this.#talkers.length * this.#job.inFlight;
    const drained = new Promise<void>((resolve) => {
      this.#onDrained = resolve;
    });
    for (const talker of this.#talkers) {
      talker.listen((count) => this.#onReplies(talker, count));
      talker.send(this.#job.inFlight);
    }
    setTimeout(() => {
      this.#isStopping = true;
    }, ms);
    await drained;
    return this.#replies;
  }

  #onReplies(talker: Talker, count: number): void {
    this.#replies += count;
    if (!this.#isStopping) {
      talker.send(count);
      return;
    }
    this.#unanswered -= count;
    if (this.#unanswered === 0) this.#onDrained();
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
  await verifyWhenAsked(() => load.verify());
}
