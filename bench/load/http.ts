import { connect, type Socket } from 'node:net';
import type { LoadJob } from '../messages.ts';
import { repeat } from './raw-client.ts';
import { measured, verifyWhenAsked, waitForGo } from './stage.ts';

type HttpJob = Extract<LoadJob, { kind: 'http' }>;

/** One buffer for all sockets of the process: what arrives is counted within the callback and never kept. */
const readBuffer = Buffer.allocUnsafeSlow(1 << 20);

function requestFor({ port, path, postBytes }: HttpJob): Buffer {
  const fields = `Host: 127.0.0.1:${port}\r\nUser-Agent: load\r\nAccept: */*\r\n`;
  if (postBytes === undefined) return Buffer.from(`GET ${path} HTTP/1.1\r\n${fields}\r\n`);
  const head = `POST ${path} HTTP/1.1\r\n${fields}Content-Type: text/plain\r\nContent-Length: ${postBytes}\r\n\r\n`;
  return Buffer.from(head + 'p'.repeat(postBytes));
}

/** A keep-alive connection that asks for the same again and again; responses all have the length of the first one. */
class HttpTalker {
  readonly #socket: Socket;
  readonly #job: HttpJob;
  readonly #request: Buffer;
  /** As many requests as may be under way, one behind the other. */
  readonly #requests: Buffer;
  #responseBytes = 0;
  #pending = 0;
  #onBytes: (bytes: Buffer, length: number) => void = () => {};

  constructor(job: HttpJob) {
    this.#job = job;
    this.#request = requestFor(job);
    this.#requests = Buffer.concat(Array.from({ length: job.inFlight }, () => this.#request));
    const callback = (length: number, bytes: Uint8Array): boolean => {
      this.#onBytes(bytes as Buffer, length);
      return true;
    };
    this.#socket = connect({
      port: job.port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: readBuffer, callback },
    });
    this.#socket.on('error', fail);
    this.#socket.on('end', () => fail(new Error('the server has closed a connection')));
  }

  send(count: number): void {
    this.#socket.write(this.#requests.subarray(0, count * this.#request.length));
  }

  /** Calls back with the number of responses that each read completes. */
  listen(onReplies: (count: number) => void): void {
    this.#onBytes = (_bytes, length) => {
      this.#pending += length;
      if (this.#pending < this.#responseBytes) return;
      const count = Math.floor(this.#pending / this.#responseBytes);
      this.#pending -= count * this.#responseBytes;
      onReplies(count);
    };
  }

  /** One response, looked at closely: status, length, and that it is as long as all others. */
  verify(): Promise<void> {
    const pieces: Buffer[] = [];
    let received = 0;
    return new Promise((resolve) => {
      this.#onBytes = (bytes, length) => {
        pieces.push(Buffer.from(bytes.subarray(0, length)));
        received += length;
        if (received < this.#job.bodyBytes) return;
        const all = Buffer.concat(pieces);
        const headEnd = all.indexOf('\r\n\r\n') + 4;
        if (headEnd < 4 || all.length < headEnd + this.#job.bodyBytes) return;
        this.#check(all, headEnd);
        resolve();
      };
      this.send(1);
    });
  }

  #check(response: Buffer, headEnd: number): void {
    const head = response.toString('latin1', 0, headEnd);
    const { bodyBytes } = this.#job;
    const isRight = head.startsWith('HTTP/1.1 200 ') && new RegExp(`^content-length: ${bodyBytes}\r$`, 'im').test(head);
    if (!isRight || response.length !== headEnd + bodyBytes) throw new Error(`wrong response: ${head}`);
    if (this.#responseBytes !== 0 && this.#responseBytes !== response.length) throw new Error('a response changed');
    this.#responseBytes = response.length;
  }
}

function fail(error: Error): void {
  throw error;
}

/** Keeps `inFlight` requests under way on each connection: as many as one read brought back go out in one write. */
export async function runHttp(job: HttpJob): Promise<void> {
  const talkers: HttpTalker[] = [];
  await repeat(job.connections, 16, async () => {
    const talker = new HttpTalker(job);
    talkers.push(talker);
    await talker.verify();
  });
  const verify = async (): Promise<void> => void (await Promise.all(talkers.map((talker) => talker.verify())));
  await runFor(talkers, job.inFlight, job.warmMs);
  await verify();
  await waitForGo();
  await measured(() => runFor(talkers, job.inFlight, job.measureMs));
  await verifyWhenAsked(verify);
}

function runFor(talkers: readonly HttpTalker[], inFlight: number, ms: number): Promise<number> {
  let replies = 0;
  let unanswered = talkers.length * inFlight;
  let isStopping = false;
  setTimeout(() => {
    isStopping = true;
  }, ms);
  return new Promise((resolve) => {
    for (const talker of talkers) {
      talker.listen((count) => {
        replies += count;
        if (!isStopping) {
          talker.send(count);
          return;
        }
        unanswered -= count;
        if (unanswered === 0) resolve(replies);
      });
      talker.send(inFlight);
    }
  });
}
