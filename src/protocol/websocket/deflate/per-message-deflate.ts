import {
  type DeflateEngines,
  type DeflateParams,
  ENGINE_TOO_BIG,
  ENGINE_UNFINISHED,
  type RawDeflater,
  type RawInflater,
} from '../../ports.ts';
import type { MemoryBudget } from '../frames/message-assembler.ts';
import { COMPRESS_FAILED, COMPRESS_NOT_SMALLER, type MessageCompressor } from '../frames/message-compressor.ts';
import {
  DECOMPRESS_INVALID,
  DECOMPRESS_NO_MEMORY,
  DECOMPRESS_TOO_BIG,
  DECOMPRESS_UNFINISHED,
  type MessageDecompressor,
} from '../frames/message-decompressor.ts';
import { encodeText, textBytes } from '../text/text.ts';
import type { PerMessageDeflateAgreement } from './per-message-deflate-negotiation.ts';
import type { PerMessageDeflateSettings } from './per-message-deflate-options.ts';
import { SlicedCompressor } from './sliced-compressor.ts';
import { SlowInflation } from './slow-inflation.ts';

/** Ends what an engine makes, and is not sent (section 7.2.1). */
const TAIL_BYTES = 4;

/** Zlib's own state beside the window of an inflater, as measured. */
const INFLATER_STATE_BYTES = 12 * 1024;

/** Without history, JSON below this size does not shrink: 100 bytes become 95, 256 become 134. */
const THRESHOLD_BYTES = 256;

/** Up to this size a message may be inflated at any ratio: there is nothing to be gained by a bomb this small. */
const RATIO_FROM_BYTES = 64 * 1024;

/** The ratio that is allowed by default, and the size from which on it counts. */
const DEFAULT_RATIO = 256;
const DEFAULT_RATIO_FROM_BYTES = 1024 * 1024;

/** A message that takes longer is inflated over several turns of the event loop. */
const TURN_MS = 5;

/** Text up to this size is encoded into one buffer that is used again and again. */
const SCRATCH_BYTES = 64 * 1024;

const EMPTY: Buffer = Buffer.alloc(0);
let scratch: Buffer = EMPTY;

/** The parts of a {@link PerMessageDeflate}. */
export interface PerMessageDeflateParts {
  readonly role: 'client' | 'server';
  readonly agreement: PerMessageDeflateAgreement;
  readonly settings: PerMessageDeflateSettings;
  readonly engines: DeflateEngines;
  /** Pays for the inflater of a connection with context takeover (`maxUnfinishedBytes`). */
  readonly budget?: MemoryBudget | undefined;
}

/**
 * The permessage-deflate extension (RFC 7692) of one connection, or of all connections with the same parameters when
 * nothing is kept between messages.
 *
 * Each message is compressed and inflated in one go. Without context takeover the engines are shared by the whole
 * process, and a connection costs no memory; with it, a connection has engines of its own from the first message
 * that needs them to {@link close}.
 */
export class PerMessageDeflate implements MessageDecompressor, MessageCompressor {
  /** True when connections may share this object. */
  readonly isStateless: boolean;
  readonly parameters: number;
  private readonly engines: DeflateEngines;
  private readonly budget: MemoryBudget | undefined;
  private readonly deflateParams: DeflateParams;
  private readonly inflateWindowBits: number;
  private readonly keepsOurHistory: boolean;
  private readonly keepsTheirHistory: boolean;
  private readonly threshold: number;
  private readonly maxBytes: number;
  private readonly maxRatio: number;
  private readonly ratioFromBytes: number;
  readonly turnBytes: number;
  private deflater: RawDeflater | undefined;
  private inflater: RawInflater | undefined;
  private unfinishedMaxBytes = 0;
  private paidBytes = 0;
  private isClosed = false;

  constructor({ role, agreement, settings, engines, budget }: PerMessageDeflateParts) {
    const { clientNoContextTakeover, serverNoContextTakeover, clientMaxWindowBits, serverMaxWindowBits } = agreement;
    const isServer = role === 'server';
    this.engines = engines;
    this.budget = budget;
    this.keepsOurHistory = !(isServer ? serverNoContextTakeover : clientNoContextTakeover) && engines.canKeepHistory;
    this.keepsTheirHistory = !(isServer ? clientNoContextTakeover : serverNoContextTakeover);
    this.isStateless = !this.keepsOurHistory && !this.keepsTheirHistory;
    this.deflateParams = {
      windowBits: isServer ? serverMaxWindowBits : clientMaxWindowBits,
      level: settings.level,
      memLevel: settings.memLevel,
    };
    const { windowBits, level, memLevel } = this.deflateParams;
    this.parameters = this.keepsOurHistory ? -1 : (windowBits << 8) | (level << 4) | memLevel;
    this.inflateWindowBits = isServer ? clientMaxWindowBits : serverMaxWindowBits;
    // An empty message cannot shrink, and zlib has no second flush for it.
    this.threshold = Math.max(1, settings.threshold ?? (this.keepsOurHistory ? 0 : THRESHOLD_BYTES));
    this.maxBytes = settings.maxSyncCompressBytes;
    this.maxRatio = settings.maxInflateRatio ?? DEFAULT_RATIO;
    this.ratioFromBytes = settings.maxInflateRatio === undefined ? DEFAULT_RATIO_FROM_BYTES : RATIO_FROM_BYTES;
    this.turnBytes = settings.maxInflateBytesPerTurn;
  }

  get output(): Buffer {
    return this.inflater?.output ?? EMPTY;
  }

  releaseOutput(): void {
    this.inflater?.releaseOutput();
  }

  decompress(bytes: Buffer, start: number, end: number, maxBytes: number): number {
    const inflater = this.takeInflater();
    if (inflater === undefined) return DECOMPRESS_NO_MEMORY;
    const mostBytes = Math.min(maxBytes, Math.max(this.ratioFromBytes, (end - start) * this.maxRatio));
    const length = inflater.inflate(bytes, start, end, mostBytes, TURN_MS);
    if (length >= 0) return length;
    if (length === ENGINE_UNFINISHED) {
      this.unfinishedMaxBytes = mostBytes;
      return DECOMPRESS_UNFINISHED;
    }
    inflater.releaseOutput();
    return length === ENGINE_TOO_BIG ? DECOMPRESS_TOO_BIG : DECOMPRESS_INVALID;
  }

  takeUnfinished(bytes: Buffer, end: number): SlowInflation {
    const { engines, budget } = this;
    const own = this.keepsTheirHistory ? this.inflater : undefined;
    const inflater = own ?? engines.detachInflater();
    return new SlowInflation({
      inflater,
      ownsInflater: own === undefined,
      input: Buffer.from(bytes.subarray(end - inflater.inputLeft, end)),
      maxBytes: this.unfinishedMaxBytes,
      turnMs: TURN_MS,
      budget,
    });
  }

  get compressed(): Buffer {
    return this.deflater?.output ?? EMPTY;
  }

  releaseCompressed(): void {
    this.deflater?.releaseOutput();
  }

  wants(length: number): boolean {
    return length >= this.threshold && length <= this.maxBytes;
  }

  compressText(text: string, length: number): number {
    if (length > SCRATCH_BYTES) return this.compress(textBytes(text, length), length);
    if (scratch.length === 0) scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
    encodeText(text, length, scratch, 0);
    return this.compress(scratch, length);
  }

  compressBytes(bytes: Uint8Array): number {
    return this.compress(bytes as Buffer, bytes.length);
  }

  /**
   * A compressor of one message in slices, while other messages are sent; `undefined` when it is to be sent as it is.
   * The message refers to none before it, and none behind it will refer to it or to one before: so it may be taken
   * back.
   */
  compressInSlices(bytes: Buffer): SlicedCompressor | undefined {
    if (this.isClosed || bytes.length < this.threshold) return undefined;
    if (this.keepsOurHistory) {
      this.deflater?.close();
      this.deflater = undefined;
    }
    try {
      return new SlicedCompressor(this.engines.createDeflater(this.deflateParams), bytes);
    } catch {
      // Zlib has no memory for another engine; the message does without.
      return undefined;
    }
  }

  /** The connection is over: frees the engines that were its own. */
  close(): void {
    if (this.isStateless || this.isClosed) return;
    this.isClosed = true;
    if (this.keepsOurHistory) this.deflater?.close();
    if (this.keepsTheirHistory) this.inflater?.close();
    this.deflater = undefined;
    this.inflater = undefined;
    if (this.paidBytes > 0) this.budget?.release(this.paidBytes);
    this.paidBytes = 0;
  }

  private compress(bytes: Buffer, length: number): number {
    if (this.isClosed) return COMPRESS_FAILED;
    // Once an encoder with history has seen a message, its compressed form must be sent, whatever its size: what
    // follows will refer to it. Without history it may be given up.
    const most = this.keepsOurHistory ? Number.MAX_SAFE_INTEGER : length + TAIL_BYTES - 1;
    try {
      this.deflater ??= this.keepsOurHistory
        ? this.engines.createDeflater(this.deflateParams)
        : this.engines.sharedDeflater(this.deflateParams);
      const result = this.deflater.deflate(bytes, 0, length, most);
      if (result > TAIL_BYTES) return result - TAIL_BYTES;
      return result === ENGINE_TOO_BIG ? COMPRESS_NOT_SMALLER : COMPRESS_FAILED;
    } catch {
      // Zlib has no memory for another engine.
      return COMPRESS_FAILED;
    }
  }

  private takeInflater(): RawInflater | undefined {
    if (this.isClosed) return undefined;
    // The shared one is asked for each time: a message that takes long has it detached.
    if (!this.keepsTheirHistory) return (this.inflater = this.engines.sharedInflater());
    if (this.inflater !== undefined) return this.inflater;
    const bytes = 2 ** this.inflateWindowBits + INFLATER_STATE_BYTES;
    if (this.budget?.take(bytes) === false) return undefined;
    this.paidBytes = bytes;
    try {
      this.inflater = this.engines.createInflater(this.inflateWindowBits);
    } catch {
      // Zlib has no memory either; what was paid is given back by `close`.
    }
    return this.inflater;
  }
}
