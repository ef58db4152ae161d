import type { Hash } from 'node:crypto';
import { PrefixHash } from '../file-transfer/prefix-hash.ts';
import type { Content, FileMessage, PrefixMessage, StartMessage } from '../file-transfer/wire.ts';
import { reasonOf } from '../terminal/output.ts';
import type { Destination, DestinationFile } from './destination.ts';
import { StorageError, toldReason } from './storage-error.ts';

/** The outcome for a file: what was stored, or why nothing was, for those here and for the sender. */
export type FileResult =
  | { readonly isStored: true; readonly sha256: string }
  | { readonly isStored: false; readonly reason: string; readonly told: string };

export function failedResult(error: unknown): FileResult {
  return { isStored: false, reason: reasonOf(error), told: toldReason(error) };
}

/** A file that a sender of ours is sending, through all its rounds. */
export class IncomingFile {
  readonly name: string;
  readonly size: number;
  /** The round that content is taken for. */
  round: number;
  /** True when the sender has said where content begins. */
  hasStarted = false;
  /** Bytes that were written. */
  length = 0;
  /** True when they are the beginning of the file: the sender's hash says so, or they came in this transfer. */
  isVerified = false;
  private readonly destination: Destination;
  private readonly hashes = new PrefixHash();
  private file: DestinationFile | undefined;
  private hash: Hash | undefined;

  constructor(destination: Destination, { name, size, round }: FileMessage) {
    this.destination = destination;
    this.name = name;
    this.size = size;
    this.round = round;
  }

  get path(): string {
    return this.file?.path ?? '';
  }

  get sha256(): string {
    return this.hash?.copy().digest('hex') ?? '';
  }

  /** Finds out how much there is, for a new round. Throws when the file cannot be received. */
  async prepare(round: number): Promise<void> {
    this.round = round;
    this.hasStarted = false;
    if (this.file === undefined) {
      this.file = await this.destination.openFile(this.name, this.size, false);
      await this.destination.checkRoom(this.size - this.file.length);
      this.isVerified = this.file.length === 0;
    }
    this.length = this.file.length;
    if (this.isVerified) this.hash = await this.hashes.at(this.file.handle, this.length);
  }

  /** Compares what there is with the sender's hash of as much, and begins anew where they differ. */
  async verify({ offset, sha256 }: PrefixMessage): Promise<void> {
    const { file } = this;
    if (this.isVerified || file === undefined || offset !== this.length) return;
    this.hash = await this.hashes.at(file.handle, offset);
    if (this.sha256 !== sha256) await this.startOver(file);
    this.isVerified = true;
  }

  /** Takes the sender's word on where content begins; throws when that is not where it was wanted from. */
  start(message: StartMessage, receiver: string): void {
    if (this.file === undefined || !this.isVerified || message.offsets[receiver] !== this.length) {
      throw new StorageError('the sender began at the wrong place');
    }
    this.hasStarted = true;
  }

  /**
   * Writes what is new in a piece.
   *
   * @returns false when something before it is missing
   */
  async write({ offset, bytes }: Content): Promise<boolean> {
    const { file, hash } = this;
    if (file === undefined || hash === undefined || offset > this.length) return false;
    // Another receiver may need what is here already.
    const content = bytes.subarray(Math.min(bytes.length, this.length - offset));
    if (content.length === 0) return true;
    if (this.length + content.length > this.size) throw new StorageError('the sender sent more than it said');
    await file.append(content);
    hash.update(content);
    this.length = file.length;
    this.hashes.passed(this.length, hash);
    return true;
  }

  /** Gives the file its name when it is what was sent. */
  async finish(sha256: string): Promise<FileResult> {
    const { file, hash } = this;
    try {
      if (file === undefined || hash === undefined) throw new StorageError('nothing was received');
      if (this.sha256 !== sha256) {
        await file.discard();
        throw new StorageError('Hash mismatch.');
      }
      await file.commit();
      return { isStored: true, sha256 };
    } catch (error) {
      await file?.close();
      return failedResult(error);
    }
  }

  /** Keeps what there is, to go on from there another time; an empty part is none. */
  async abandon(): Promise<void> {
    const { file } = this;
    if (file === undefined) return;
    if (file.length === 0) await file.discard();
    else await file.close();
  }

  private async startOver(file: DestinationFile): Promise<void> {
    let current = file;
    if (file.isComplete) {
      // The file that is there is another one. Unless it may be replaced, this throws.
      await file.close();
      current = await this.destination.openFile(this.name, this.size, true);
      this.file = current;
    }
    await current.truncate(0);
    this.hashes.forgetBeyond(0);
    this.hash = await this.hashes.at(current.handle, 0);
    this.length = 0;
  }
}
