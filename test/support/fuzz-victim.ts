import { expect } from 'vitest';
import { deflateEngines } from '../../src/platform/deflate-engines.ts';
import { nodePorts } from '../../src/platform/node-ports.ts';
import { type Violation, Violations } from '../../src/protocol/websocket/closing/violations.ts';
import { PerMessageDeflate } from '../../src/protocol/websocket/deflate/per-message-deflate.ts';
import type { PerMessageDeflateAgreement } from '../../src/protocol/websocket/deflate/per-message-deflate-negotiation.ts';
import { resolvePerMessageDeflate } from '../../src/protocol/websocket/deflate/per-message-deflate-options.ts';
import { Endpoint, type EndpointHandler } from '../../src/protocol/websocket/endpoint.ts';
import { MaskSource } from '../../src/protocol/websocket/frames/masking.ts';
import type { ByteSink } from '../../src/util/byte-sink.ts';
import { simdMemory } from '../../src/util/simd-memory.ts';
import { readFrames } from './frames.ts';
import { TestBudget } from './test-budget.ts';

const SCRATCH_BYTES = 16 * 1024;
const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
const readBuffer = Buffer.from(simdMemory);
const knownViolations: ReadonlySet<string> = new Set([
  ...Object.keys(Violations),
  'controlTooLong',
  'invalidCloseCode',
]);
const masks = new MaskSource(nodePorts.fillRandom);
const engines = deflateEngines();
const deflateSettings = {
  client: resolvePerMessageDeflate('client', { threshold: 0 }),
  server: resolvePerMessageDeflate('server', { threshold: 0 }),
};

/** Takes what is written, and keeps it when that is wanted. */
class CountingSink implements ByteSink {
  readonly bytes: Buffer = scratch;
  readonly maxReserve: number = SCRATCH_BYTES;
  readonly #kept: Buffer[] | undefined;

  constructor(keeps: boolean) {
    this.#kept = keeps ? [] : undefined;
  }

  get wire(): Buffer | undefined {
    return this.#kept && Buffer.concat(this.#kept);
  }

  reserve(): number {
    return 0;
  }

  commit(end: number): void {
    this.#kept?.push(Buffer.from(scratch.subarray(0, end)));
  }

  writeThrough(bytes: Buffer): void {
    this.#kept?.push(Buffer.from(bytes));
  }

  writeShared(bytes: Buffer): void {
    this.writeThrough(bytes);
  }
}

export interface FuzzVictimOptions {
  readonly role: 'client' | 'server';
  /** Without one there is no deflate. */
  readonly agreement?: PerMessageDeflateAgreement | undefined;
  readonly maxMessageBytes: number;
  readonly maxFragments: number;
  readonly budgetBytes?: number | undefined;
  /** True when what it sends is looked at in the end. */
  readonly checksWire: boolean;
}

/**
 * An endpoint without a socket that echoes what it gets, and throws where it does what it must never do: report
 * anything behind its end, deliver more than is allowed or text that is none, or say twice that it closes.
 */
export class FuzzVictim implements EndpointHandler {
  /** What it reported, as a number that depends on all of it and on its order. */
  digest = 0;
  messages = 0;
  violation: Violation | undefined;
  readonly #options: FuzzVictimOptions;
  readonly #sink: CountingSink;
  readonly #budget: TestBudget;
  readonly #deflate: PerMessageDeflate | undefined;
  readonly #endpoint: Endpoint;
  #isOver = false;

  constructor(options: FuzzVictimOptions) {
    const { role, agreement } = options;
    this.#options = options;
    this.#sink = new CountingSink(options.checksWire);
    this.#budget = new TestBudget(options.budgetBytes);
    const budget = this.#budget;
    if (agreement !== undefined) {
      this.#deflate = new PerMessageDeflate({ role, agreement, settings: deflateSettings[role], engines, budget });
    }
    this.#endpoint = new Endpoint({
      role,
      handler: this,
      sink: this.#sink,
      ports: nodePorts,
      masks,
      maxMessageBytes: options.maxMessageBytes,
      maxFragments: options.maxFragments,
      budget,
      deflate: this.#deflate,
    });
  }

  /** Reads `bytes` in pieces that end at `cuts`, as a socket would deliver them. */
  read(bytes: Buffer, cuts: readonly number[]): void {
    let from = 0;
    for (const to of [...cuts, bytes.length]) {
      // Where reads of sockets land, every other time; else in memory of its own.
      const isShared = (from & 1) === 0;
      const start = from % 7;
      const chunk = isShared ? readBuffer : Buffer.allocUnsafe(start + to - from);
      bytes.copy(chunk, start, from, to);
      const end = start + to - from;
      const at = this.#endpoint.receive(chunk, start, end);
      if (at !== end) throw new Error(`it came to ${at} of ${end}`);
      from = to;
    }
  }

  /** The transport is gone: nothing may be left. */
  end(): void {
    this.#endpoint.end();
    this.#deflate?.close();
    if (this.#budget.taken !== 0) throw new Error(`${this.#budget.taken} bytes of the budget are not given back`);
    const { wire } = this.#sink;
    if (wire === undefined) return;
    const frames = readFrames(wire);
    const closes = frames.filter(({ first }) => first === 0x88);
    if (closes.length > 1) throw new Error(`${closes.length} close frames were sent`);
    if (closes.length === 1 && frames.at(-1) !== closes[0])
      throw new Error('something was sent behind the close frame');
    const isMasked = this.#options.role === 'client';
    for (const { mask } of frames) expect(mask !== undefined).toBe(isMasked);
  }

  onText(text: string, wireSize: number): void {
    this.#message(text.length, wireSize);
    const length = Buffer.byteLength(text);
    if (!text.isWellFormed()) throw new Error('a text is not well-formed');
    if (length > this.#options.maxMessageBytes) throw new Error('a text is too long');
    for (let i = 0; i < Math.min(text.length, 100); i++) this.#digest(text.charCodeAt(i));
    if (this.#endpoint.canSend) this.#endpoint.sendText(text, length);
  }

  onBinary(data: Buffer, wireSize: number): void {
    this.#message(data.length, wireSize);
    if (data.length > this.#options.maxMessageBytes) throw new Error('a message is too long');
    for (let i = 0; i < Math.min(data.length, 100); i++) this.#digest(data[i] ?? 0);
    if (this.#endpoint.canSend) this.#endpoint.sendBytes(data, true);
  }

  onFragment(): void {
    this.#mustBeOpen();
  }

  onPing(payload: Buffer, wireSize: number): void {
    this.#control(9, payload, wireSize);
    if (this.#endpoint.canSend) this.#endpoint.sendPong(payload);
  }

  onPong(payload: Buffer, wireSize: number): void {
    this.#control(10, payload, wireSize);
  }

  onCloseFrame(code: number, reason: string): void {
    this.#mustBeOpen();
    this.#isOver = true;
    if (!reason.isWellFormed()) throw new Error('a reason is not well-formed');
    this.#digest(code);
  }

  onViolation(violation: Violation): void {
    this.#mustBeOpen();
    this.#isOver = true;
    this.violation = violation;
    if (!knownViolations.has(violation.code)) throw new Error(`${violation.code} is no violation of ours`);
    this.#digest(violation.closeCode);
  }

  #message(length: number, wireSize: number): void {
    this.#mustBeOpen();
    this.messages++;
    this.#digest(length);
    this.#digest(wireSize);
  }

  #control(opcode: number, payload: Buffer, wireSize: number): void {
    this.#mustBeOpen();
    if (payload.length > 125) throw new Error('a control frame is too long');
    this.#digest(opcode);
    this.#digest(wireSize);
    for (const byte of payload) this.#digest(byte);
  }

  #mustBeOpen(): void {
    if (this.#isOver) throw new Error('something was reported behind the end');
  }

  #digest(value: number): void {
    this.digest = (Math.imul(this.digest, 31) + value) | 0;
  }
}
