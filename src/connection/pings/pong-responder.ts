import type { Endpoint } from '../../protocol/websocket/endpoint.ts';
import type { BatchWriter } from '../../transport/batch-writer.ts';
import { TokenBucket } from '../../util/token-bucket.ts';
import { isTrafficTracked, trackTraffic } from '../traffic-tracker.ts';

/**
 * Control frames that a peer may send. Empty messages are not counted: they are messages like others, and cost no more
 * than those of one byte.
 */
const CONTROL_FRAMES_PER_SECOND = 100;
const CONTROL_FRAMES_BURST = 200;

/** Answers pings, and keeps a flood of them from costing more than it is worth. */
export class PongResponder {
  private readonly endpoint: Endpoint;
  private readonly writer: BatchWriter;
  private readonly allowance: TokenBucket;
  private waiting: Buffer | undefined;

  constructor(endpoint: Endpoint, writer: BatchWriter, nowMs: number) {
    this.endpoint = endpoint;
    this.writer = writer;
    this.allowance = new TokenBucket(CONTROL_FRAMES_PER_SECOND, CONTROL_FRAMES_BURST, nowMs);
  }

  /** Counts a ping or pong of the peer's; false when there were too many. */
  takeControlFrame(nowMs: number): boolean {
    return this.allowance.take(nowMs);
  }

  /**
   * Answers a ping. While the peer does not read, only the latest one is answered, later (RFC 6455 section 5.5.3), so
   * that pongs do not pile up.
   */
  answer(payload: Buffer): void {
    if (this.writer.isStalled) this.waiting = payload;
    else if (this.endpoint.canSend) {
      const wireSize = this.endpoint.sendPong(payload);
      if (isTrafficTracked) trackTraffic(wireSize, false);
    }
  }

  /** To be called when the transport has drained. */
  onDrain(): void {
    const { waiting } = this;
    if (waiting === undefined || this.writer.isStalled) return;
    this.waiting = undefined;
    this.answer(waiting);
  }
}
