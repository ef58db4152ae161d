import { expect, test } from 'vitest';
import { deflateEngines } from '../../src/platform/deflate-engines.ts';
import { nodePorts } from '../../src/platform/node-ports.ts';
import { HeadReader } from '../../src/protocol/http1/head/head-reader.ts';
import { HttpHeaders } from '../../src/protocol/http1/headers.ts';
import { resolvePerMessageDeflate } from '../../src/protocol/websocket/deflate/per-message-deflate-options.ts';
import { PerMessageDeflateSource } from '../../src/protocol/websocket/deflate/per-message-deflate-source.ts';
import { checkUpgradeResponse } from '../../src/protocol/websocket/handshake/handshake-client.ts';
import { completeUpgrade, judgeUpgrade } from '../../src/server/admission/server-upgrade.ts';
import { usedBytes } from '../support/collect-garbage.ts';
import { turns } from '../support/eventually.ts';
import { HangWatch } from '../support/hang-watch.ts';
import { Random } from '../support/random.ts';
import { RFC_KEY, upgradeRequest } from '../support/raw-peer.ts';
import { switchingProtocols } from '../support/raw-server.ts';

/* Opening handshakes, changed anywhere, from the first byte to what is agreed on. */

const SEED = 20_251_122;
const CASES = 60_000;
const MIB = 1024 * 1024;

const offers = [
  'permessage-deflate',
  'permessage-deflate; client_max_window_bits',
  'permessage-deflate; server_no_context_takeover; client_max_window_bits=10, permessage-deflate',
  'x-webkit-deflate-frame, permessage-deflate; server_max_window_bits="9"; client_no_context_takeover',
];

const requests = offers.flatMap((offer) => [
  upgradeRequest({ 'Sec-WebSocket-Extensions': offer }),
  upgradeRequest({ 'Sec-WebSocket-Extensions': offer, 'Sec-WebSocket-Protocol': 'a, b', Origin: 'http://127.0.0.1' }),
  upgradeRequest(
    { Connection: 'keep-alive, Upgrade', 'Sec-WebSocket-Extensions': offer, Cookie: 'a=b' },
    '/path?query',
  ),
]);

const responses = offers.flatMap((answer) => [
  switchingProtocols(`Sec-WebSocket-Key: ${RFC_KEY}\r\n`, { 'Sec-WebSocket-Extensions': answer }),
  switchingProtocols(`Sec-WebSocket-Key: ${RFC_KEY}\r\n`, {
    'Sec-WebSocket-Extensions': answer,
    'Sec-WebSocket-Protocol': 'b',
  }),
]);

const pieces = [
  '\r\n',
  '\n',
  '\r',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '=',
  '"',
  '\\',
  '\0',
  '\x7f',
  '\xff',
  'é',
  '16',
  '-1',
  '__proto__',
];
const lines = [
  'Upgrade: h2c\r\n',
  'Sec-WebSocket-Key: x\r\n',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'constructor: 1\r\n',
  '__proto__: 1\r\n',
  ' folded\r\n',
  'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=16\r\n',
  'Sec-WebSocket-Protocol: a\r\n',
  `A: ${'b'.repeat(9000)}\r\n`,
  'A: b\r\n'.repeat(100),
];

function mutateText(text: string, random: Random): Buffer {
  let mutated = text;
  for (let i = random.below(4); i > 0; i--) {
    const at = random.below(mutated.length + 1);
    const end = at + random.below(random.pick([2, 10, 300]));
    const before = mutated.slice(0, at);
    switch (random.below(6)) {
      case 0:
        mutated = before + random.pick(pieces) + mutated.slice(at);
        break;
      case 1:
        mutated = before + random.pick(pieces) + mutated.slice(at + 1);
        break;
      case 2:
        mutated = before + mutated.slice(end);
        break;
      case 3:
        mutated = mutated.slice(0, end) + mutated.slice(at);
        break;
      case 4: {
        const line = mutated.indexOf('\r\n', at) + 2;
        mutated = mutated.slice(0, line) + random.pick(lines) + mutated.slice(line);
        break;
      }
      default:
        mutated =
          before + String.fromCharCode(random.below(256)).repeat(random.pick([1, 1, 100, 20_000])) + mutated.slice(at);
    }
  }
  return Buffer.from(mutated, 'latin1');
}

function readInPieces<R extends 'request' | 'response'>(role: R, bytes: Buffer, random: Random): HeadReader<R> {
  const reader = new HeadReader(role);
  const piece = random.pick([1 << 20, 1 << 20, 100, 7]);
  for (let at = 0; at < bytes.length && reader.state === 'reading'; at += piece) {
    reader.read(bytes, at, Math.min(bytes.length, at + piece));
  }
  return reader;
}

const server = new PerMessageDeflateSource('server', resolvePerMessageDeflate('server', true), deflateEngines);
const client = new PerMessageDeflateSource(
  'client',
  resolvePerMessageDeflate('client', { clientMaxWindowBits: 12 }),
  deflateEngines,
);

/** What became of one request: agreed, refused, not understood, or not complete. */
function serve(random: Random): string {
  const reader = readInPieces('request', mutateText(random.pick(requests), random), random);
  if (reader.state !== 'complete' || reader.head === undefined) return reader.state;
  const judged = judgeUpgrade(reader.head, { subprotocols: ['b', 'a'], allowedOrigins: undefined }, server);
  if ('refusal' in judged) {
    const { status } = judged.refusal;
    if (![400, 403, 405, 426].includes(status)) throw new Error(`refused with ${status}`);
    return 'refused';
  }
  const { response } = completeUpgrade(judged, new HttpHeaders());
  if (!/^HTTP\/1\.1 101 [^\r\n]*(?:\r\n[!-~]+: [ -~]*)+\r\n\r\n$/.test(response)) throw new Error(response);
  judged.deflate?.close();
  return 'agreed';
}

function dial(random: Random): string {
  const reader = readInPieces('response', mutateText(random.pick(responses), random), random);
  if (reader.state !== 'complete' || reader.head === undefined) return reader.state;
  const handshake = client.begin();
  const checked = checkUpgradeResponse(reader.head, {
    key: RFC_KEY,
    subprotocols: ['a', 'b'],
    offeredExtensions: handshake.offer(),
    acceptExtensions: (answers) => handshake.judge(answers),
    host: 'localhost',
    url: 'ws://localhost/',
    sha1Base64: nodePorts.sha1Base64,
  });
  handshake.deflate?.close();
  return checked.ok ? 'agreed' : 'refused';
}

test.each([
  ['requests', serve],
  ['responses', dial],
])('%s, changed anywhere, are agreed to or refused, and nothing is thrown', async (name, run) => {
  const what = `fuzzing ${name} with seed ${SEED}`;
  const hangs = new HangWatch(what);
  const outcomes = new Map<string, number>();
  let before = 0;
  for (let number = 0; number < CASES; number++) {
    if (number % 1000 === 0) {
      hangs.begin(number);
      await turns(1);
    }
    if (number === CASES / 5) before = usedBytes();
    try {
      const outcome = run(new Random(SEED + number));
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    } catch (error) {
      throw new Error(`${what}: case ${number}`, { cause: error });
    }
  }
  await hangs.stop();
  expect([...outcomes.keys()].toSorted()).toEqual(['agreed', 'failed', 'reading', 'refused']);
  for (const count of outcomes.values()) expect(count).toBeGreaterThan(CASES / 100);
  expect(usedBytes() - before).toBeLessThan(2 * MIB);
});
