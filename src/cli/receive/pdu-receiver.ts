import { Djb2 } from '../peers/djb2.ts';
import { decodePdu, encodePdu, type Pdu, pduText } from '../peers/pdu.ts';
import { baseNameOf } from '../terminal/files/safe-names.ts';
import type { Log } from '../terminal/log.ts';
import { reasonOf } from '../terminal/output.ts';
import type { Destination } from './destination.ts';
import { toldReason } from './storage-error.ts';

/** The kind that a message turned out to be. */
export type PduOutcome =
  | { readonly kind: 'stored'; readonly answer: Buffer; readonly path: string; readonly size: number }
  /** It was meant for a receiver, and could not be stored. */
  | { readonly kind: 'failed'; readonly answer: Buffer; readonly why: string }
  /** It belongs to a conversation of others. */
  | { readonly kind: 'foreign' };

/** Takes a message of a C++ sender, which is a whole file, and makes the answer that says what became of it. */
export async function receivePdu(bytes: Buffer, destination: Destination, log: Log): Promise<PduOutcome> {
  const pdu = decodePdu(bytes);
  if (pdu === undefined) return failed('ws_receive: Invalid pdu');
  const kind = pduText(pdu, 'kind');
  // Answers of other receivers go to everybody as well, and so do the messages of a chat.
  if (kind !== 'send') return { kind: 'foreign' };
  try {
    return await store(pdu, destination, log);
  } catch (error) {
    return failed(reasonOf(error), toldReason(error));
  }
}

async function store(pdu: Pdu, destination: Destination, log: Log): Promise<PduOutcome> {
  const content = pdu.get('content') ?? Buffer.alloc(0);
  const id = pduText(pdu, 'id');
  const filename = pduText(pdu, 'filename');
  const hash = new Djb2(false).update(content).digest();
  log.info(`id: ${id}`);
  log.info(`ws_receive: Content size: ${content.length}`);
  log.info(`ws_receive: Computed hash: ${hash}`);
  log.info(`ws_receive: Reference hash: ${pduText(pdu, 'djb2_hash')}`);
  if (hash !== pduText(pdu, 'djb2_hash')) return failed('Hash mismatch.');
  const file = await destination.openFile(baseNameOf(filename), content.length, true);
  try {
    await destination.checkRoom(content.length);
    log.info(`ws_receive: Writing to disk: ${file.path}`);
    await file.truncate(0);
    await file.append(content);
    await file.commit();
  } catch (error) {
    await file.discard();
    throw error;
  }
  const answer = encodePdu({ ack: 'true', filename: pdu.get('filename') ?? '', id: pdu.get('id') ?? '' });
  return { kind: 'stored', answer, path: file.path, size: content.length };
}

/** The C++ receiver leaves the id of such an answer empty. */
function failed(why: string, told = why): PduOutcome {
  return { kind: 'failed', answer: encodePdu({ id: '', kind: 'error', message: told }), why };
}
