import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  acceptPerMessageDeflate,
  judgePerMessageDeflate,
  offerPerMessageDeflate,
} from '../../../src/protocol/websocket/deflate/per-message-deflate-negotiation.ts';
import {
  resolvePerMessageDeflate,
  type WebSocketPerMessageDeflateOptions,
} from '../../../src/protocol/websocket/deflate/per-message-deflate-options.ts';
import { parseExtensions, serializeExtensions } from '../../../src/protocol/websocket/handshake/extension-header.ts';

type Options = WebSocketPerMessageDeflateOptions;

const takeover: Options = { clientNoContextTakeover: false, serverNoContextTakeover: false };

/** The offer as it is in the request; empty for none. */
function offer(options: Options | boolean = true, canKeepHistory = true): string {
  const settings = resolvePerMessageDeflate('client', options);
  return serializeExtensions(offerPerMessageDeflate(settings, canKeepHistory));
}

/** The answer of a server as it is in the response; empty for none. */
function answer(header: string, options: Options | boolean = true, canKeepHistory = true): string {
  const settings = resolvePerMessageDeflate('server', options);
  const offers = parseExtensions(header);
  if (offers === undefined) return 'malformed';
  const accepted = acceptPerMessageDeflate(offers, settings, canKeepHistory);
  return accepted === undefined ? '' : serializeExtensions([accepted.answer]);
}

/** The judgement of a client on an answer: why it refuses it, or what was agreed on, in short. */
function judge(header: string, options: Options = {}, canKeepHistory = true): string {
  const answers = parseExtensions(header);
  if (answers === undefined) return 'malformed';
  const judged = judgePerMessageDeflate(answers, resolvePerMessageDeflate('client', options), canKeepHistory);
  if (!judged.ok) return judged.reason.replace('Invalid permessage-deflate answer: ', '');
  const { agreement } = judged;
  const side = (noTakeover: boolean, bits: number): string => `${noTakeover ? 'none' : 'takeover'} ${bits}`;
  const client = side(agreement.clientNoContextTakeover, agreement.clientMaxWindowBits);
  return `client ${client}, server ${side(agreement.serverNoContextTakeover, agreement.serverMaxWindowBits)}`;
}

describe('what a client offers', () => {
  test.each<[string, Options | boolean, string]>([
    ['the defaults', true, 'permessage-deflate; client_max_window_bits'],
    ['nothing, when it is switched off', false, ''],
    ['nothing, when it is switched off by its option', { enabled: false, serverMaxWindowBits: 9 }, ''],
    [
      'no takeover',
      { clientNoContextTakeover: true, serverNoContextTakeover: true },
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits',
    ],
    [
      'small windows',
      { clientMaxWindowBits: 8, serverMaxWindowBits: 9 },
      'permessage-deflate; server_max_window_bits=9; client_max_window_bits=8',
    ],
    ['no word about the windows', { clientMaxWindowBits: false }, 'permessage-deflate'],
  ])('%s', (_what, options, expected) => {
    expect(offer(options)).toBe(expected);
  });

  test('no takeover by the server, where messages that refer to earlier ones cannot be inflated', () => {
    expect(offer(true, false)).toBe('permessage-deflate; server_no_context_takeover; client_max_window_bits');
  });
});

const none = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover';

describe('what a server answers', () => {
  test.each<[offer: string, options: Options | boolean, expected: string]>([
    ['permessage-deflate', true, none],
    ['permessage-deflate', false, ''],
    ['permessage-deflate', takeover, 'permessage-deflate'],
    ['permessage-deflate; client_no_context_takeover', takeover, 'permessage-deflate; client_no_context_takeover'],
    ['permessage-deflate; server_no_context_takeover', takeover, 'permessage-deflate; server_no_context_takeover'],
    ['permessage-deflate; client_max_window_bits', takeover, 'permessage-deflate'],
    ['permessage-deflate; client_max_window_bits=15', takeover, 'permessage-deflate; client_max_window_bits=15'],
    ['permessage-deflate; client_max_window_bits=8', takeover, 'permessage-deflate; client_max_window_bits=8'],
    ['permessage-deflate; server_max_window_bits=8', takeover, 'permessage-deflate; server_max_window_bits=8'],
    ['permessage-deflate; server_max_window_bits=15', takeover, 'permessage-deflate; server_max_window_bits=15'],
    // Ours is smaller than what was offered, with and without a value.
    [
      'permessage-deflate; client_max_window_bits; server_max_window_bits=12',
      { ...takeover, clientMaxWindowBits: 10, serverMaxWindowBits: 11 },
      'permessage-deflate; server_max_window_bits=11; client_max_window_bits=10',
    ],
    [
      'permessage-deflate; client_max_window_bits=9; server_max_window_bits=9',
      { ...takeover, clientMaxWindowBits: 10, serverMaxWindowBits: 11 },
      'permessage-deflate; server_max_window_bits=9; client_max_window_bits=9',
    ],
    // Section 7.1.2.1: a server may name its window unasked. Section 7.1.2.2: it may not name the client's.
    ['permessage-deflate', { ...takeover, serverMaxWindowBits: 9 }, 'permessage-deflate; server_max_window_bits=9'],
    ['permessage-deflate', { ...takeover, clientMaxWindowBits: 9 }, ''],
    [
      'permessage-deflate, permessage-deflate; client_max_window_bits',
      { ...takeover, clientMaxWindowBits: 9 },
      'permessage-deflate; client_max_window_bits=9',
    ],
    // Order of preference: the first that can be used.
    [
      'x-foo, permessage-deflate; server_max_window_bits=10, permessage-deflate',
      takeover,
      'permessage-deflate; server_max_window_bits=10',
    ],
    [
      'permessage-deflate; server_max_window_bits=16, permessage-deflate; server_max_window_bits=9',
      takeover,
      'permessage-deflate; server_max_window_bits=9',
    ],
    ['permessage-deflate; unheard_of, permessage-deflate', takeover, 'permessage-deflate'],
    // Not this extension.
    ['x-webkit-deflate-frame', true, ''],
    ['permessage-bzip2', true, ''],
    ['Permessage-Deflate', true, ''],
    ['x-foo; permessage-deflate', true, ''],
    // A quoted value is the same value (RFC 6455 section 9.1).
    ['permessage-deflate; server_max_window_bits="10"', takeover, 'permessage-deflate; server_max_window_bits=10'],
  ])('%s, with %j', (header, options, expected) => {
    expect(answer(header, options)).toBe(expected);
  });

  test('that the client must not use takeover, where its messages could not be inflated', () => {
    expect(answer('permessage-deflate', takeover, false)).toBe('permessage-deflate; client_no_context_takeover');
  });

  const badValues = ['0', '7', '16', '99', '-1', '+9', '015', '08', '8.0', '1e1', '0x9', '9'.repeat(400), 'ten', '٩'];
  const names = ['server_max_window_bits', 'client_max_window_bits'];
  test.each([
    ...names.flatMap((name) => badValues.map((value) => `${name}=${value}`)),
    ...names.flatMap((name) => [`${name}=""`, `${name}="16"`, `${name}=" 9"`, `${name}=9; ${name}=9`, `${name}=`]),
    'server_max_window_bits',
    'client_max_window_bits; client_max_window_bits',
    'client_no_context_takeover=1',
    'client_no_context_takeover=true',
    'server_no_context_takeover=""',
    'server_no_context_takeover=0',
    'client_no_context_takeover; client_no_context_takeover',
    'server_no_context_takeover; server_no_context_takeover',
    'unheard_of',
    'constructor',
    '__proto__=1',
    'toString',
    'hasOwnProperty; client_max_window_bits',
    'Client_Max_Window_Bits',
  ])('nothing to an offer with %s, and the next one counts', (params) => {
    const bad = `permessage-deflate; ${params}`;
    expect(['', 'malformed']).toContain(answer(bad));
    // A header that is not even a list is refused by the handshake.
    expect([none, 'malformed']).toContain(answer(`${bad}, permessage-deflate`));
    expect(judge(bad)).not.toContain('client takeover');
  });
});

describe('what a client makes of an answer', () => {
  test.each<[answer: string, options: Options, expected: string]>([
    ['permessage-deflate', {}, 'client takeover 15, server takeover 15'],
    [none, {}, 'client none 15, server none 15'],
    ['permessage-deflate; client_max_window_bits=8', {}, 'client takeover 8, server takeover 15'],
    ['permessage-deflate; server_max_window_bits=8', {}, 'client takeover 15, server takeover 8'],
    // Our own wishes hold, whatever the answer says of them.
    ['permessage-deflate', { clientNoContextTakeover: true }, 'client none 15, server takeover 15'],
    ['permessage-deflate', { clientMaxWindowBits: 10 }, 'client takeover 10, server takeover 15'],
    [
      'permessage-deflate; client_max_window_bits=9',
      { clientMaxWindowBits: 10 },
      'client takeover 9, server takeover 15',
    ],
    [
      'permessage-deflate; server_max_window_bits=9',
      { serverMaxWindowBits: 9 },
      'client takeover 15, server takeover 9',
    ],
    [
      'permessage-deflate; client_max_window_bits=11',
      { clientMaxWindowBits: 10 },
      'client_max_window_bits in the answer is larger than offered',
    ],
    ['permessage-deflate; client_max_window_bits', {}, 'client_max_window_bits in the answer has no value'],
    [
      'permessage-deflate; client_max_window_bits=15',
      { clientMaxWindowBits: false },
      'client_max_window_bits was not offered',
    ],
    [
      'permessage-deflate; server_max_window_bits=10',
      { serverMaxWindowBits: 9 },
      'the answer does not keep to the server_max_window_bits of the offer',
    ],
    [
      'permessage-deflate',
      { serverMaxWindowBits: 9 },
      'the answer does not keep to the server_max_window_bits of the offer',
    ],
    [
      'permessage-deflate',
      { serverNoContextTakeover: true },
      'the answer does not keep to the server_no_context_takeover of the offer',
    ],
    ['permessage-deflate, permessage-deflate', {}, 'the server uses it more than once'],
    [
      'permessage-deflate; server_max_window_bits=16',
      {},
      'server_max_window_bits in the answer is unknown, repeated or malformed',
    ],
    ['permessage-deflate; unheard_of', {}, 'a parameter in the answer is unknown, repeated or malformed'],
  ])('%s, after %j', (header, options, expected) => {
    expect(judge(header, options)).toBe(expected);
  });
});

describe('a client and a server of ours', () => {
  const bits = fc.constantFrom(8, 9, 10, 11, 12, 13, 14, 15);
  const options = fc.record(
    {
      clientNoContextTakeover: fc.boolean(),
      serverNoContextTakeover: fc.boolean(),
      clientMaxWindowBits: bits,
      serverMaxWindowBits: bits,
    },
    { requiredKeys: [] },
  );

  test('agree, whatever their options are, and each gets what it asked for', () => {
    fc.assert(
      fc.property(options, options, fc.boolean(), fc.boolean(), (client, server, clientKeeps, serverKeeps) => {
        const clientSettings = resolvePerMessageDeflate('client', client);
        const serverSettings = resolvePerMessageDeflate('server', server);
        const offers = parseExtensions(offer(client, clientKeeps)) ?? [];
        const accepted = acceptPerMessageDeflate(offers, serverSettings, serverKeeps);
        if (accepted === undefined) throw new Error('no answer');
        const sent = parseExtensions(serializeExtensions([accepted.answer])) ?? [];
        const judged = judgePerMessageDeflate(sent, clientSettings, clientKeeps);
        if (!judged.ok) throw new Error(judged.reason);
        expect(judged.agreement).toEqual(accepted.agreement);
        const { agreement } = accepted;
        const clientBits = Math.min(client.clientMaxWindowBits ?? 15, server.clientMaxWindowBits ?? 15);
        expect(agreement.clientMaxWindowBits).toBe(clientBits);
        const serverBits = Math.min(client.serverMaxWindowBits ?? 15, server.serverMaxWindowBits ?? 15);
        expect(agreement.serverMaxWindowBits).toBe(serverBits);
        if (!clientKeeps) expect(agreement.serverNoContextTakeover).toBe(true);
        if (!serverKeeps) expect(agreement.clientNoContextTakeover).toBe(true);
      }),
    );
  });

  test('throw nothing, whatever is in the header', () => {
    const names = ['server_max_window_bits', 'client_max_window_bits', 'server_no_context_takeover'];
    const strange = ['constructor', '__proto__', 'toString', ';', ',', '=', '"', ' ', '9', '15', '8'];
    const word = fc.constantFrom('permessage-deflate', 'client_no_context_takeover', ...names, ...strange);
    const header = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.array(word, { maxLength: 20 }).map((words) => words.join('')),
      fc.array(word, { maxLength: 20 }).map((words) => `permessage-deflate; ${words.join('')}`),
    );
    fc.assert(
      fc.property(header, options, (text, some) => {
        const given = answer(text, some);
        expect(given === '' || given === 'malformed' || given.startsWith('permessage-deflate')).toBe(true);
        expect(judge(text, some)).not.toBe('');
      }),
      { numRuns: 3000 },
    );
  });
});
