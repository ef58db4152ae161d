import type { Hash } from 'node:crypto';
import { PrefixHash } from '../file-transfer/prefix-hash.ts';
import type { Content, FileMessage, StartMessage } from '../file-transfer/wire.ts';
import { reasonOf } from '../terminal/output.ts';
import type { Destination, DestinationFile } from './destination.ts';

/** The outcome for a file. */
export interface FileResult {
  readonly isStored: boolean;
  readonly reason: string;
}

const STORED: FileResult = { isStored: true, reason: '' };

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
  async prepare(round: number): Promise<{ readonly offset: number; readonly sha256: string }> {
    this.round = round;
    this.hasStarted = false;
    if (this.file === undefined) {
      this.file = await this.destination.openFile(this.name, this.size, false);
      await this.destination.checkRoom(this.size - this.file.length);
    }
    this.length = this.file.length;
    const hash = await this.hashes.at(this.file.handle, this.length);
    this.hash = hash;
    return { offset: this.length, sha256: hash.copy().digest('hex') };
  }

  /** Takes the sender's word on where content begins; throws when it makes no sense. */
  async start(message: StartMessage, receiver: string): Promise<void> {
    const offset = message.offsets[receiver];
    if (this.file === undefined || offset === undefined || offset > this.length) {
      throw new Error('the sender began at the wrong place');
    }
    if (offset < this.length) await this.startOver(this.file, offset);
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
    if (this.length + content.length > this.size) throw new Error('the sender sent more than it said');
    await file.append(content);
    hash.update(content);
    this.length = file.length;
    this.hashes.passed(this.length, hash);
    return true;
  }

  /** Gives the file its name when it is what was sent. */
  async finish(sha256: string): Promise<FileResult> {
    const { file, hash } = this;
    if (file === undefined || hash === undefined) return { isStored: false, reason: 'nothing was received' };
    try {
      if (hash.copy().digest('hex') !== sha256) {
        await file.discard();
        return { isStored: false, reason: 'Hash mismatch.' };
      }
      await file.commit();
      return STORED;
    } catch (error) {
      await file.close();
      return { isStored: false, reason: reasonOf(error) };
    }
  }

  /** Keeps what there is, to go on from there another time; an empty part is none. */
  async abandon(): Promise<void> {
    const { file } = this;
    if (file === undefined) return;
    if (file.length === 0) await file.discard();
    else await file.close();
  }

  private async startOver(file: DestinationFile, offset: number): Promise<void> {
    let current = file;
    if (file.isComplete) {
      // The file that is there is another one. Unless it may be replaced, this throws.
      await file.close();
      current = await this.destination.openFile(this.name, this.size, true);
      this.file = current;
    }
    await current.truncate(offset);
    this.hashes.forgetBeyond(offset);
    this.hash = await this.hashes.at(current.handle, offset);
    this.length = offset;
  }
}
