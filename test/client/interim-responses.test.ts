import { describe, expect, test } from 'vitest';
import { listenRaw, switchingProtocols } from '../support/raw-server.ts';
import { createClient } from '../support/running.ts';

const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n';
const interim: Readonly<Record<string, readonly string[]>> = {
  '100': ['HTTP/1.1 100 Continue\r\n\r\n'],
  '102': ['HTTP/1.1 102 Processing\r\n\r\n'],
  '103': [hints],
  '199, which nobody knows,': ['HTTP/1.1 199 \r\n\r\n'],
  several: [hints, 'HTTP/1.1 100 Continue\r\n\r\n', hints],
};

/** Sends `pieces` when the request is there, each in a packet of its own. */
async function answerWith(pieces: (request: string) => readonly string[]): Promise<string> {
  const server = await listenRaw(async (peer) => {
    const request = await peer.head();
    for (const piece of pieces(request)) {
      peer.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  return server.url;
}

describe.each(Object.entries(interim))('an interim response %s before the answer', (_name, heads) => {
  test.each<[string, (all: string) => readonly string[]]>([
    ['in one packet with it', (all) => [all]],
    ['in packets of their own', (all) => all.split(/(?<=\r\n\r\n)/)],
    ['byte by byte', (all) => all.split('')],
  ])('%s is passed over, and is in the record', async (_way, cut) => {
    const url = await answerWith((request) => cut(heads.join('') + switchingProtocols(request)));
    const { client } = createClient({ url });
    const result = await client.connect();
    if (!result.success) throw new Error(result.errorInfo.reason);
    const { attempt } = result.openInfo;
    expect(attempt?.response?.status).toBe(101);
    expect(attempt?.interim.map(({ status }) => status)).toEqual(heads.map((head) => Number(head.slice(9, 12))));
  });

  test('is passed over before a redirect, and before a refusal', async () => {
    const url = await answerWith((request) => [
      heads.join('') +
        (request.startsWith('GET / ')
          ? 'HTTP/1.1 302 Found\r\nLocation: /there\r\n\r\n'
          : 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'),
    ]);
    const { client } = createClient({ url });
    const result = await client.connect();
    expect(result).toMatchObject({ success: false, errorInfo: { code: 'badStatus', httpStatus: 403 } });
    if (result.success) return;
    const { attempt } = result.errorInfo;
    expect(attempt?.earlier[0]?.interim).toHaveLength(heads.length);
    expect(attempt?.interim).toHaveLength(heads.length);
    expect(attempt?.response?.body.toString()).toBe('no');
  });
});

test('interim responses without end are refused', async () => {
  const url = await answerWith((request) => [hints.repeat(33) + switchingProtocols(request)]);
  const { client } = createClient({ url });
  const result = await client.connect();
  expect(result).toMatchObject({ success: false, errorInfo: { code: 'malformedResponse', httpStatus: 103 } });
});

test('a server that hangs up after an interim response is not taken for one that expects TLS', async () => {
  const server = await listenRaw(async (peer) => {
    await peer.head();
    peer.socket.end(hints);
  });
  const { client } = createClient({ url: server.url });
  const result = await client.connect();
  expect(result).toMatchObject({ success: false, errorInfo: { code: 'connectionLost' } });
  if (result.success) return;
  expect(result.errorInfo.reason).not.toContain('TLS');
  expect(result.errorInfo.attempt?.interim).toHaveLength(1);
});
