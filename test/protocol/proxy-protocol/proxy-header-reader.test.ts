import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProxyHeaderReader } from '../../../src/protocol/proxy-protocol/proxy-header-reader.ts';

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

function v2(command: number, family: number, body: Buffer, length = body.length): Buffer {
  return Buffer.concat([SIGNATURE, Buffer.from([command, family, length >> 8, length & 0xff]), body]);
}

const tcp4 = Buffer.from('cb007107c0000201d43101bb', 'hex');
const tcp6 = Buffer.concat([
  Buffer.from('20010db8000000000000000000000001', 'hex'),
  Buffer.from('20010db8000000000000000000000002', 'hex'),
  Buffer.from('d43101bb', 'hex'),
]);
const mapped = Buffer.concat([Buffer.from('00000000000000000000ffffcb007107', 'hex'), Buffer.alloc(20)]);
const note = Buffer.from('0100026831', 'hex');

interface Outcome {
  readonly state: string;
  readonly source?: object | undefined;
  readonly problem?: string;
  readonly rest?: string;
}

/** The outcome of `bytes`, in pieces of this size. */
function readIn(bytes: Buffer, size: number): Outcome {
  const reader = new ProxyHeaderReader();
  for (let at = 0; at < bytes.length; at += size) {
    const end = Math.min(bytes.length, at + size);
    const stop = reader.read(bytes, at, end);
    if (reader.state === 'complete') {
      const rest = bytes.subarray(stop).toString('latin1');
      return { state: reader.state, source: reader.source, rest };
    }
    if (reader.state === 'failed') return { state: reader.state, problem: reader.problem };
  }
  return { state: reader.state };
}

function expectEveryWay(bytes: Buffer, expected: Outcome): void {
  for (const size of [bytes.length, 1, 2, 7, 16]) expect(readIn(bytes, size)).toEqual(expected);
}

const client = { address: '203.0.113.7', port: 54321 };

describe('a header is read whole and byte by byte, and not a byte further', () => {
  test.each<[name: string, header: Buffer, source: object | undefined]>([
    ['IPv4 in version 1', Buffer.from('PROXY TCP4 203.0.113.7 192.0.2.1 54321 443\r\n'), client],
    [
      'IPv6 in version 1',
      Buffer.from('PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n'),
      { address: '2001:db8::1', port: 1 },
    ],
    ['nobody in version 1', Buffer.from('PROXY UNKNOWN\r\n'), undefined],
    ['nobody in particular', Buffer.from('PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n'), undefined],
    ['IPv4 in version 2', v2(0x21, 0x11, tcp4), client],
    ['IPv6 in version 2', v2(0x21, 0x21, tcp6), { address: '2001:db8::1', port: 54321 }],
    ['IPv4 in IPv6', v2(0x21, 0x21, mapped), { address: '203.0.113.7', port: 0 }],
    ['notes of the proxy behind it', v2(0x21, 0x11, Buffer.concat([tcp4, note])), client],
    ['the proxy itself', v2(0x20, 0x00, Buffer.alloc(0)), undefined],
    ['the proxy itself, with an address that does not count', v2(0x20, 0x11, tcp4), undefined],
    ['a unix socket', v2(0x21, 0x31, Buffer.alloc(216)), undefined],
    ['a family that nobody knows', v2(0x21, 0x77, Buffer.alloc(3)), undefined],
    ['nothing about the source', v2(0x21, 0x00, Buffer.alloc(0)), undefined],
    ['the longest', v2(0x21, 0x11, Buffer.concat([tcp4, Buffer.alloc(4068)])), client],
  ])('%s', (_name, header, source) => {
    expectEveryWay(header, { state: 'complete', source, rest: '' });
    const request = 'GET / HTTP/1.1\r\n';
    expectEveryWay(Buffer.concat([header, Buffer.from(request)]), { state: 'complete', source, rest: request });
    for (let cut = 0; cut < header.length; cut++) {
      expect(readIn(header.subarray(0, cut), 5).state).toBe('reading');
    }
  });
});

describe('what is no header is refused at the first byte that cannot belong to one', () => {
  test.each<[name: string, bytes: Buffer, problem: string]>([
    ['a request', Buffer.from('GET / HTTP/1.1\r\n'), 'no PROXY header'],
    ['a TLS handshake', Buffer.from('160301', 'hex'), 'no PROXY header'],
    ['another word', Buffer.from('PROXYTCP4'), 'no PROXY header'],
    ['a signature that is another', Buffer.from('0d0a0d0a000d0a515549540b', 'hex'), 'no PROXY header'],
    ['empty lines', Buffer.from('\r\n\r\n\r\n'), 'no PROXY header'],
    ['a line without an end', Buffer.from(`PROXY TCP4 ${'1'.repeat(200)}`), 'the line is too long'],
    ['a line that ends in a line feed', Buffer.from('PROXY TCP4 1.1.1.1 1.1.1.2 1 2\n'), 'malformed line'],
    ['a name', Buffer.from('PROXY TCP4 example.com 1.1.1.2 1 2\r\n'), 'malformed line'],
    ['an address of the other family', Buffer.from('PROXY TCP4 ::1 ::1 1 2\r\n'), 'malformed line'],
    ['no ports', Buffer.from('PROXY TCP4 1.1.1.1 1.1.1.2\r\n'), 'malformed line'],
    ['a port that is too large', Buffer.from('PROXY TCP4 1.1.1.1 1.1.1.2 65536 2\r\n'), 'malformed line'],
    ['two spaces', Buffer.from('PROXY TCP4  1.1.1.1 1.1.1.2 1 2\r\n'), 'malformed line'],
    ['leading zeros', Buffer.from('PROXY TCP4 01.1.1.1 1.1.1.2 1 2\r\n'), 'malformed line'],
    ['another protocol', Buffer.from('PROXY UDP4 1.1.1.1 1.1.1.2 1 2\r\n'), 'malformed line'],
    ['version 3', v2(0x31, 0x11, tcp4), 'unknown version or command'],
    ['command 2', v2(0x22, 0x11, tcp4), 'unknown version or command'],
    ['addresses that are cut', v2(0x21, 0x11, tcp4.subarray(1)), 'the addresses are cut'],
    ['IPv6 addresses that are cut', v2(0x21, 0x21, tcp4), 'the addresses are cut'],
    ['more than anybody needs', v2(0x21, 0x11, tcp4, 65_535), 'the header is too long'],
  ])('%s', (_name, bytes, problem) => {
    expectEveryWay(bytes, { state: 'failed', problem });
    expectEveryWay(Buffer.concat([bytes, Buffer.from('more')]), { state: 'failed', problem });
  });
});

test('IPv6 addresses are written as the system writes them', () => {
  const groups = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
    minLength: 8,
    maxLength: 8,
  });
  fc.assert(
    fc.property(groups, (parts) => {
      const body = Buffer.alloc(36);
      for (const [index, part] of parts.entries()) body.writeUInt16BE(part, index * 2);
      const outcome = readIn(v2(0x21, 0x21, body), 1000) as { source: { address: string } };
      const written = new URL(`http://[${parts.map((part) => part.toString(16)).join(':')}]/`).hostname.slice(1, -1);
      // As IPv4 where it stands for that.
      if (!written.startsWith('::ffff:')) expect(outcome.source.address).toBe(written);
    }),
  );
});

test('whatever comes, nothing is thrown, and the outcome does not depend on how it is cut', () => {
  const starts = fc.constantFrom(Buffer.alloc(0), Buffer.from('PROXY '), SIGNATURE, v2(0x21, 0x11, tcp4));
  fc.assert(
    fc.property(starts, fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 40 }), (start, bytes, size) => {
      const all = Buffer.concat([start, bytes]);
      expect(readIn(all, size)).toEqual(readIn(all, Math.max(1, all.length)));
    }),
  );
});
