import { describe, expect, test } from 'vitest';
import { ConnectError } from '../src/errors.ts';

describe('ConnectError', () => {
  test('carries the status and the wait that the response asks for', () => {
    const error = new ConnectError('badStatus', 'handshake', 'full', { httpStatus: 503, retryAfterMs: 2000 });
    expect(error).toMatchObject({ httpStatus: 503, retryAfterMs: 2000, retryable: true, name: 'ConnectError' });
  });

  test('without a response has status 0 and asks for no wait', () => {
    const error = new ConnectError('timeout', 'connect', 'timed out');
    expect(error.httpStatus).toBe(0);
    expect(error.retryAfterMs).toBeUndefined();
  });

  test.each(['invalidUrl', 'tlsOptionsCaFile'] as const)('%s is not worth another attempt', (code) => {
    expect(new ConnectError(code, 'url', 'wrong').retryable).toBe(false);
  });
});
