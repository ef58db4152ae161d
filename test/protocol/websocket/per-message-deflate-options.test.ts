import { describe, expect, test } from 'vitest';
import { resolvePerMessageDeflate } from '../../../src/protocol/websocket/deflate/per-message-deflate-options.ts';

describe('options of permessage-deflate', () => {
  test('a client lets both sides keep their history, a server neither', () => {
    for (const value of [undefined, true, {}]) {
      expect(resolvePerMessageDeflate('client', value)).toEqual({
        enabled: true,
        clientNoContextTakeover: false,
        serverNoContextTakeover: false,
        clientMaxWindowBits: 15,
        serverMaxWindowBits: 15,
        threshold: undefined,
        maxSyncCompressBytes: 262_144,
        maxInflateRatio: undefined,
        maxInflateBytesPerTurn: 1_048_576,
        level: 4,
        memLevel: 8,
        onBadNegotiation: 'fail',
      });
      expect(resolvePerMessageDeflate('server', value)).toMatchObject({
        enabled: true,
        clientNoContextTakeover: true,
        serverNoContextTakeover: true,
      });
    }
  });

  test('false switches it off, and resolved options can be given back', () => {
    const off = resolvePerMessageDeflate('client', false);
    expect(off.enabled).toBe(false);
    expect(resolvePerMessageDeflate('client', off)).toEqual(off);
  });

  test.each<[string, unknown, string]>([
    ['null', null, 'options: of perMessageDeflate must be an object'],
    ['a number', 1, 'options: of perMessageDeflate must be an object'],
    [
      'an unknown name',
      { serverMaxWindowbits: 9 },
      'serverMaxWindowbits: is not an option of perMessageDeflate; did you',
    ],
    ['windows below 8', { serverMaxWindowBits: 7 }, 'perMessageDeflate.serverMaxWindowBits: must be an integer from 8'],
    [
      'windows above 15',
      { clientMaxWindowBits: 16 },
      'perMessageDeflate.clientMaxWindowBits: must be an integer from 8',
    ],
    ['a server window of false', { serverMaxWindowBits: false }, 'perMessageDeflate.serverMaxWindowBits'],
    ['half a window', { serverMaxWindowBits: 9.5 }, 'perMessageDeflate.serverMaxWindowBits'],
    ['a window in words', { clientMaxWindowBits: '9' }, 'perMessageDeflate.clientMaxWindowBits'],
    ['a negative threshold', { threshold: -1 }, 'perMessageDeflate.threshold'],
    ['a threshold of NaN', { threshold: Number.NaN }, 'perMessageDeflate.threshold'],
    ['an endless limit', { maxSyncCompressBytes: Infinity }, 'perMessageDeflate.maxSyncCompressBytes'],
    ['a level of 10', { level: 10 }, 'perMessageDeflate.level'],
    ['a level of -1', { level: -1 }, 'perMessageDeflate.level'],
    ['no memory level', { memLevel: 0 }, 'perMessageDeflate.memLevel'],
    ['a switch in words', { enabled: 'yes' }, 'perMessageDeflate.enabled'],
    ['takeover in numbers', { clientNoContextTakeover: 1 }, 'perMessageDeflate.clientNoContextTakeover'],
    ['another way out', { onBadNegotiation: 'ignore' }, 'perMessageDeflate.onBadNegotiation: must be one of'],
  ])('%s is refused by name', (_what, value, message) => {
    expect(() => resolvePerMessageDeflate('client', value as object)).toThrow(message);
  });
});
