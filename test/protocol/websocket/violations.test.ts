import { describe, expect, test } from 'vitest';
import { writeClosePayload } from '../../../src/protocol/websocket/closing/close-payload.ts';
import { invalidCloseCode, Violations } from '../../../src/protocol/websocket/closing/violations.ts';

const all = Object.entries({ ...Violations, invalidCloseCode: invalidCloseCode(65_535) });

describe('every violation', () => {
  test.each(all)('%s can be answered with a close frame that the peer accepts', (name, { code, closeCode, reason }) => {
    expect(code).toBe(name);
    expect([1002, 1007, 1008, 1009, 1013]).toContain(closeCode);
    expect(reason).not.toBe('');
    expect(writeClosePayload(closeCode, reason).length).toBeLessThanOrEqual(125);
  });

  test.each(all)('%s cannot be changed', (_name, violation) => {
    expect(Object.isFrozen(violation)).toBe(true);
  });
});
