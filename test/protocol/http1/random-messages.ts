import type { Random } from '../../support/random.ts';

/* Messages that are mostly valid, and changes to them that are mostly not: what two parsers can be compared with. */

const methods = ['GET', 'GET', 'POST', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'M-SEARCH'];
const targets = ['/', '/a?b=c', '/%20/x', 'http://a.example/x', '/~a;b=c,d(e)*!\'"'];
const reasons = ['OK', '', 'Not Found', 'Tr\xe8s bien', 'a\tb'];
const statuses = [200, 200, 200, 201, 204, 205, 206, 301, 304, 400, 404, 407, 500, 599, 600, 999];
const words = ['chunked', 'close', 'keep-alive', 'identity', 'gzip', '5', 'x', 'Transfer-Encoding', 'Content-Length'];
const spaces = ['', ' ', ' ', ' ', '  ', '\t', ' \t '];

function field(random: Random): string {
  const name = random.pick(['A', 'Accept', 'X-Y_z', 'Cookie', 'a', '!#$%&*+-.^_`|~', 'Content-Type', 'Trailer', 'TE']);
  const value = random.pick([
    '',
    'b',
    'b, c',
    '"d;e"',
    'f\xffg',
    'h\ti',
    random.pick(words),
    'x'.repeat(random.below(60)),
  ]);
  return `${name}:${random.pick(spaces)}${value}${random.pick(spaces)}\r\n`;
}

function fields(random: Random, most: number): string {
  let text = '';
  for (let i = random.below(most); i > 0; i--) text += field(random);
  return text;
}

function caseOf(random: Random, name: string): string {
  return random.pick([name, name, name.toLowerCase(), name.toUpperCase()]);
}

function data(random: Random, length: number): string {
  return random.once(3)
    ? random.bytes(length).toString('latin1')
    : random
        .pick(['x', '0\r\n\r\n', '5\r\n', 'GET / HTTP/1.1\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\n'])
        .repeat(length)
        .slice(0, length);
}

function size(random: Random, value: number): string {
  const digits = random.once(4) ? value.toString(16).toUpperCase() : value.toString(16);
  return random.once(6) ? digits.padStart(random.below(10), '0') : digits;
}

function chunked(random: Random): string {
  let text = '';
  const extension = (): string => (random.once(5) ? random.pick([';a', ';a=b', ';a="b;\\"c"', ';a;b=c']) : '');
  for (let i = random.below(4); i > 0; i--) {
    const length = 1 + random.below(random.pick([3, 20, 300]));
    text += `${size(random, length)}${extension()}\r\n${data(random, length)}\r\n`;
  }
  return `${text}${size(random, 0)}${extension()}\r\n${random.once(4) ? fields(random, 3) : ''}\r\n`;
}

/** Fields that frame a body, and the body. */
function body(random: Random): [string, string] {
  switch (random.below(5)) {
    case 0:
      return [`${caseOf(random, 'Transfer-Encoding')}: ${caseOf(random, 'chunked')}\r\n`, chunked(random)];
    case 1:
    case 2: {
      const length = random.below(random.pick([2, 20, 300]));
      return [`${caseOf(random, 'Content-Length')}: ${random.once(9) ? '0' : ''}${length}\r\n`, data(random, length)];
    }
    default:
      return ['', ''];
  }
}

function request(random: Random): string {
  const [framing, content] = body(random);
  const version = random.once(8) && !framing.toLowerCase().startsWith('t') ? '1.0' : '1.1';
  const connection = random.once(6) ? `Connection: ${random.pick(['close', 'keep-alive', 'x, Close', 'TE'])}\r\n` : '';
  const expect = random.once(20) ? 'Expect: 100-continue\r\n' : '';
  const start =
    random.once(10) && framing === ''
      ? 'CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n'
      : `${random.pick(methods)} ${random.pick(targets)} HTTP/${version}\r\nHost: a.example\r\n`;
  return `${random.once(12) ? '\r\n' : ''}${start}${fields(random, 4)}${framing}${expect}${connection}${fields(random, 2)}\r\n${content}`;
}

function response(random: Random): string {
  let text = '';
  for (let i = random.once(4) ? random.below(4) : 0; i > 0; i--) {
    text += `HTTP/1.1 ${random.pick(['100 Continue', '102 x', '103 Early Hints'])}\r\n${fields(random, 2)}\r\n`;
  }
  const [framing, content] = random.once(4) ? ['', data(random, random.below(50))] : body(random);
  const version = random.once(8) && !framing.toLowerCase().startsWith('t') ? '1.0' : '1.1';
  const connection = random.once(6) ? `Connection: ${random.pick(['close', 'keep-alive'])}\r\n` : '';
  const start = `HTTP/${version} ${random.once(30) ? 101 : random.pick(statuses)} ${random.pick(reasons)}\r\n`;
  return `${text}${start}${fields(random, 4)}${framing}${connection}${fields(random, 2)}\r\n${content}`;
}

const pieces = [
  '\r\n',
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
  '\x0b',
  '\x7f',
  '\xff',
  '\xa0',
  '0',
  '5',
  'f',
  '+',
  '-',
  '0x',
  '\r\n\r\n',
  '\r\n ',
  ' HTTP/1.1',
  '0\r\n\r\n',
  'chunked',
  'ffffffffffffffff',
];
const lines = [
  'Content-Length: 5\r\n',
  'Content-Length: 0\r\n',
  'content-length: 5, 5\r\n',
  'Content-Length : 5\r\n',
  'Content-Length:\t5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'transfer-encoding: identity\r\n',
  'Transfer-Encoding: gzip, chunked\r\n',
  'Transfer-Encoding: chunked, identity\r\n',
  'Transfer-Encoding:chunked\x0b\r\n',
  'Transfer-Encoding\r\n : chunked\r\n',
  'Connection: close\r\n',
  'Connection: Upgrade\r\nUpgrade: x\r\n',
  'Host: b\r\n',
  ' folded\r\n',
  'X\r\n',
  ': y\r\n',
  'Expect: 100-continue\r\n',
  'A: b\r\n'.repeat(5),
];

function mutate(text: string, random: Random): string {
  let mutated = text;
  for (let i = 1 + random.below(3); i > 0; i--) {
    const at = random.below(mutated.length + 1);
    const before = mutated.slice(0, at);
    switch (random.below(6)) {
      case 0:
        mutated = before + random.pick(pieces) + mutated.slice(at);
        break;
      case 1:
        mutated = before + random.pick(pieces) + mutated.slice(at + 1);
        break;
      case 2:
        mutated = before + mutated.slice(at + 1 + random.below(random.pick([1, 5, 60])));
        break;
      case 3: {
        const line = mutated.indexOf('\r\n', at) + 2;
        mutated = mutated.slice(0, line) + random.pick(lines) + mutated.slice(line);
        break;
      }
      case 4:
        mutated = before + String.fromCharCode(random.below(256)) + mutated.slice(at + 1);
        break;
      default:
        mutated = mutated.slice(0, at + random.below(20)) + mutated.slice(at);
    }
  }
  return mutated;
}

function cutsOf(length: number, random: Random): number[] {
  const cuts = Array.from({ length: random.pick([0, 0, 1, 4]) }, () => random.below(length + 1));
  return cuts.sort((a, b) => a - b);
}

export interface RandomInput {
  readonly bytes: Buffer;
  /** The offsets at which the bytes are cut. */
  readonly cuts: readonly number[];
  /** Method of the request that a response answers. */
  readonly method: string;
}

/** One to three pipelined requests, or a response, changed somewhere in two of three cases. */
export function randomInput(role: 'request' | 'response', random: Random): RandomInput {
  let text = role === 'request' ? request(random) : response(random);
  if (role === 'request') while (random.once(2) && text.length < 2000) text += request(random);
  if (!random.once(3)) text = mutate(text, random);
  const bytes = Buffer.from(text, 'latin1');
  const method = random.pick(['GET', 'GET', 'GET', 'POST', 'HEAD']);
  return { bytes, cuts: cutsOf(bytes.length, random), method };
}
