import { describe, expect, test } from 'vitest';
import { HttpHeaders } from '../../../src/protocol/http1/headers.ts';
import { keepsAlive } from '../../../src/protocol/http1/message/persistence.ts';

describe('RFC 9112 9.3: whether a connection lives on', () => {
  test.each<[connection: string[], in11: boolean, in10: boolean]>([
    [[], true, false],
    [['close'], false, false],
    [['Close'], false, false],
    [['CLOSE'], false, false],
    [['keep-alive'], true, true],
    [['Keep-Alive'], true, true],
    [['close, keep-alive'], false, false],
    [['keep-alive,close'], false, false],
    [['keep-alive', 'close'], false, false],
    [['close', 'keep-alive'], false, false],
    [['Upgrade'], true, false],
    [['upgrade, keep-alive'], true, true],
    [['keep-alive, Upgrade, HTTP2-Settings'], true, true],
    [[' , ,close\t, '], false, false],
    [['TE', 'X-Foo', 'close'], false, false],
    [[''], true, false],
    [['closed'], true, false],
    [['disclose'], true, false],
    [['close=1'], true, false],
    [['"close"'], true, false],
    [['keep-alive-ish'], true, false],
    [['timeout=5'], true, false],
  ])('Connection: %j', (values, in11, in10) => {
    const headers = new HttpHeaders();
    for (const value of values) headers.append('connection', value);
    for (const [version, expected] of [
      ['1.1', in11],
      ['1.0', in10],
    ] as const) {
      expect(keepsAlive({ method: 'GET', target: '/', version, headers })).toBe(expected);
      expect(keepsAlive({ version, status: 200, statusText: 'OK', headers })).toBe(expected);
    }
  });
});
