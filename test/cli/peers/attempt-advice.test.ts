import { expect, test } from 'vitest';
import { adviceFor } from '../../../src/cli/peers/attempt-advice.ts';
import { toErrorInfo } from '../../../src/client/attempt/error-info.ts';
import { ConnectError, type ConnectErrorCode } from '../../../src/index.ts';

const advice = (code: ConnectErrorCode, reason: string): string =>
  adviceFor(toErrorInfo(new ConnectError(code, 'handshake', reason), 0, 0));

test('advice does not repeat the reason that it follows', () => {
  expect(advice('invalidProxy', 'HTTP_PROXY is not the URL of a proxy')).toBe(
    'Correct the variable, or name the server in NO_PROXY.',
  );
  expect(advice('providerFailed', 'The url was not given.')).toBe(
    'It is a function of this program that failed; the server was not asked.',
  );
});

test('advice does not repeat the cause within the reason', () => {
  expect(advice('proxyUnreachable', 'Unable to connect to a on port 1, error: Connection refused')).toMatch(
    /whether it is running\.$/,
  );
});

test('advice without any repetition is the whole explanation', () => {
  expect(advice('lookupFailed', 'no address')).toMatch(/^The name of the server has no address\. /);
});
