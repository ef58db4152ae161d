import { describe, expect, it } from 'vitest';
import { type PushTarget, push } from '../../../src/cli/push-server/push.ts';
import type { WebSocketSendInfo } from '../../../src/index.ts';

type Outcome = WebSocketSendInfo;

const accepted: Outcome = { success: true, compressionError: false, payloadSize: 1, wireSize: 3 };
const refused = (code: 'closed' | 'bufferFull'): Outcome => ({
  success: false,
  compressionError: false,
  payloadSize: 1,
  wireSize: 0,
  code,
});

/** A connection that takes everything at once, but for what `answer` says about single sends. */
class Target implements PushTarget {
  accepted = 0;
  sends = 0;
  drains = 0;
  canSendMore = true;
  private readonly answer: (send: number) => Outcome;

  constructor(answer: (send: number) => Outcome = () => accepted) {
    this.answer = answer;
  }

  sendText(): Outcome {
    const outcome = this.answer(this.sends++);
    if (outcome.success) this.accepted++;
    return outcome;
  }

  drain(): Promise<void> {
    this.drains++;
    this.canSendMore = true;
    return Promise.resolve();
  }
}

describe('pushing', () => {
  it('begins at once and sends as many as are asked for', async () => {
    const target = new Target();
    const pushed = push(target, 'x', 5);
    expect(target.accepted).toBe(5);
    expect(await pushed).toBe(true);
  });

  it.each([0, -5])('sends nothing for %d', async (count) => {
    const target = new Target();
    expect(await push(target, 'x', count)).toBe(true);
    expect(target.sends).toBe(0);
  });

  it('lets other events have their turn when everything is taken at once', async () => {
    let turns = 0;
    const count = (): void => {
      turns++;
      immediate = setImmediate(count);
    };
    let immediate = setImmediate(count);
    expect(await push(new Target(), 'x', 100_000)).toBe(true);
    clearImmediate(immediate);
    expect(turns).toBeGreaterThan(5);
  });

  it('ends soon when the connection is closed in between', async () => {
    let isClosed = false;
    const target = new Target(() => (isClosed ? refused('closed') : accepted));
    setImmediate(() => {
      isClosed = true;
    });
    expect(await push(target, 'x', 2_000_000_000)).toBe(false);
    expect(target.accepted).toBeLessThan(100_000);
  });

  it('waits when there is no room, and loses nothing', async () => {
    const target = new Target((send) => (send === 3 ? refused('bufferFull') : accepted));
    target.canSendMore = false;
    expect(await push(target, 'x', 10)).toBe(true);
    expect(target).toMatchObject({ accepted: 10, sends: 11, drains: 2 });
  });
});
