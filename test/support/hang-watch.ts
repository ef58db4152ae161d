import { Worker } from 'node:worker_threads';
import { patient } from './patience.ts';

/* A loop without end lets no timer fire: only another thread can tell which case it is in. */

const program = `
  const { writeSync } = require('node:fs');
  const { workerData: { progress, what, limitMs } } = require('node:worker_threads');
  let last = -1;
  let since = Date.now();
  setInterval(() => {
    const now = Atomics.load(progress, 0);
    if (now !== last) { last = now; since = Date.now(); return; }
    if (now < 0 || Date.now() - since < limitMs) return;
    writeSync(2, what + ': case ' + now + ' has been running for ' + limitMs + ' ms\\n');
    process.kill(process.pid, 'SIGKILL');
  }, 500);
`;

/** Ends this process, with a line that says where, when one case takes too long. */
export class HangWatch {
  readonly #progress = new Int32Array(new SharedArrayBuffer(4)).fill(-1);
  readonly #worker: Worker;

  constructor(what: string, limitMs = patient(20_000)) {
    this.#worker = new Worker(program, { eval: true, workerData: { progress: this.#progress, what, limitMs } });
    this.#worker.unref();
  }

  /** The case that begins now. */
  begin(number: number): void {
    Atomics.store(this.#progress, 0, number);
  }

  async stop(): Promise<void> {
    Atomics.store(this.#progress, 0, -1);
    await this.#worker.terminate();
  }
}
