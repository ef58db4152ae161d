import { randomUUID } from 'node:crypto';
import type { WebSocketMessage } from '../../index.ts';
import type { Link } from '../file-transfer/relay-link.ts';
import { Djb2 } from '../peers/djb2.ts';
import { decodePdu, encodePduPieces, pduLength, pduText } from '../peers/pdu.ts';
import { CliError } from '../terminal/cli-errors.ts';
import type { Environment } from '../terminal/environment.ts';
import type { Log } from '../terminal/log.ts';
import type { Progress } from '../terminal/progress-bar.ts';
import { settleable } from '../terminal/settleable.ts';
import { type SourceEntry, SourceFile } from './source.ts';

/** The C++ programs refuse longer messages. */
const MAX_PDU_BYTES = 1024 ** 3;
const READ_BYTES = 256 * 1024;

type Ack = { readonly ok: true } | { readonly ok: false; readonly why: string };

/** Sends a file in one message, as the C++ program does, and waits until somebody says that it has come. */
export class PduSender {
  private readonly id = randomUUID().replaceAll('-', '');
  private readonly ack = settleable<Ack>();
  private readonly link: Link;
  private readonly log: Log;
  private isWaiting = false;

  constructor(link: Link, log: Log) {
    this.link = link;
    this.log = log;
  }

  onMessage(message: WebSocketMessage): void {
    if (message.type !== 'message' || !message.binary || !this.isWaiting) return;
    this.log.info(`ws_send: received message (${message.wireSize} bytes)`);
    const pdu = decodePdu(message.data);
    if (pdu === undefined) this.log.info('Invalid pdu response');
    else if (pduText(pdu, 'kind') === 'error') this.ack.resolve({ ok: false, why: pduText(pdu, 'message') });
    else if (pduText(pdu, 'ack') !== 'true' || pduText(pdu, 'id') !== this.id) this.log.info('Invalid id');
    else this.ack.resolve({ ok: true });
  }

  /**
   * @param filename the name as it was typed, which is how the C++ program sends it
   * @param waitMs longest wait for the answer
   */
  async run(
    entry: SourceEntry,
    filename: string,
    waitMs: number,
    environment: Environment,
    progress: Progress,
  ): Promise<void> {
    const { log } = this;
    const buffer = await this.buildPdu(entry, filename);
    log.info(`ws_send: sending ${buffer.length} bytes`);
    this.isWaiting = true;
    const startMs = environment.elapsedMs();
    progress.start(entry.name, buffer.length);
    const info = await this.link.client.sendBinary(buffer, (current, total) => {
      progress.update(Math.min(buffer.length, Math.round(((current + 1) / total) * buffer.length)));
    });
    progress.stop();
    if (!info.success) throw new CliError('send', `the message was not sent: ${info.code}`);
    const seconds = Math.max(0.001, (environment.elapsedMs() - startMs) / 1000);
    log.info(`ws_send: sent ${buffer.length} bytes`);
    log.info(`ws_send: Send transfer rate: ${(entry.size / seconds / 1024 ** 2).toFixed(1)} MB/s`);
    log.info('ws_send: Waiting for ack...');
    const ack = await within(this.ack.promise, waitMs);
    if (ack === undefined) {
      const hint = "Start 'ws receive' with the same URL before 'ws send'.";
      throw new CliError('send', `nobody said in ${waitMs / 1000} seconds that the file has come`, hint);
    }
    if (!ack.ok) throw new CliError('send', `the receiver could not take the file: ${ack.why}`);
  }

  private async buildPdu(entry: SourceEntry, filename: string): Promise<Buffer> {
    const file = await SourceFile.open(entry);
    try {
      const hash = new Djb2(false);
      for await (const piece of pieces(file)) hash.update(piece);
      const fields = { djb2_hash: hash.digest(), filename, id: this.id, kind: 'send' };
      const length = pduLength(fields, 'content', file.size);
      if (length > MAX_PDU_BYTES) {
        const hint = "With 'ws transfer' and 'ws receive' of this program files may be of any size.";
        throw new CliError(
          'send',
          `${entry.path} is too long for one message, which is what the other side takes`,
          hint,
        );
      }
      const buffer = Buffer.allocUnsafeSlow(length);
      let position = 0;
      for await (const piece of encodePduPieces(fields, { name: 'content', pieces: pieces(file) })) {
        position += piece.copy(buffer, position);
      }
      if (!(await file.isUnchanged())) throw new CliError('send', `${entry.path} has changed while it was read`);
      return buffer;
    } finally {
      await file.close();
    }
  }
}

async function* pieces(file: SourceFile): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, file.size));
  for (let offset = 0; offset < file.size; offset += READ_BYTES) {
    const piece = buffer.subarray(0, Math.min(READ_BYTES, file.size - offset));
    await file.read(piece, offset);
    yield piece;
  }
}

/** The result of `promise`, or `undefined` when that takes too long. */
async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, milliseconds, undefined);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
