import type { ConformanceCase, Step } from '../case.ts';
import { goesOn, gotText, refuses, text } from '../case.ts';
import { Op } from '../frames.ts';
import type { Setup } from '../subjects.ts';

const SECTION = 'RFC 7692 7.1';

const short: readonly Step[] = [
  { message: { op: Op.Text, payload: { pattern: 'json', bytes: 2000 }, deflate: {} }, roundTrips: 3 },
  { send: [text('not compressed')] },
  { receive: [gotText('not compressed')] },
];

/** Offers in order of preference, and the parameters that the answer must have. */
const accepted: readonly [name: string, offer: string, answerHas: readonly string[]][] = [
  ['plain', 'permessage-deflate', []],
  ['first-of-two', 'permessage-deflate; server_max_window_bits=10, permessage-deflate', ['server_max_window_bits=10']],
  [
    'first-of-three',
    'permessage-deflate; server_no_context_takeover; server_max_window_bits=9, permessage-deflate; server_max_window_bits=12, permessage-deflate',
    ['server_no_context_takeover', 'server_max_window_bits=9'],
  ],
  ['unknown-extension-first', 'x-unknown, permessage-deflate', []],
  ['unknown-with-parameters-first', 'x-unknown; a=1; b="2"; c, permessage-deflate', []],
  ['older-extension-first', 'x-webkit-deflate-frame, permessage-deflate; client_max_window_bits', []],
  ['unknown-last', 'permessage-deflate; server_max_window_bits=11, x-unknown', ['server_max_window_bits=11']],
  [
    'unknown-parameter-first',
    'permessage-deflate; x=1, permessage-deflate; server_max_window_bits=13',
    ['server_max_window_bits=13'],
  ],
  [
    'bad-value-first',
    'permessage-deflate; server_max_window_bits=7, permessage-deflate; server_max_window_bits=14',
    ['server_max_window_bits=14'],
  ],
  [
    'repeated-parameter-first',
    'permessage-deflate; client_no_context_takeover; client_no_context_takeover, permessage-deflate',
    [],
  ],
  ['quoted-value', 'permessage-deflate; server_max_window_bits="10"', ['server_max_window_bits=10']],
  [
    'blanks',
    '  permessage-deflate ;  server_max_window_bits = 10 ;client_max_window_bits ',
    ['server_max_window_bits=10'],
  ],
  ['tabs', 'permessage-deflate\t;\tserver_max_window_bits=10', ['server_max_window_bits=10']],
  [
    'no-blanks',
    'x-a,permessage-deflate;server_max_window_bits=10;client_max_window_bits',
    ['server_max_window_bits=10'],
  ],
  ['empty-elements', ', ,permessage-deflate,,', []],
  [
    'everything',
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=13',
    ['server_no_context_takeover', 'server_max_window_bits=12'],
  ],
];

/** Offers that say nothing valid: the connection goes on without compression, or not at all. */
const declined: readonly [name: string, offer: string][] = [
  ['other-extension', 'x-unknown'],
  ['other-extensions', 'x-unknown; a=1, permessage-bzip2, constructor, __proto__; toString'],
  ['unknown-parameter', 'permessage-deflate; x_unknown'],
  ['inherited-parameter', 'permessage-deflate; constructor'],
  ['server-bits-7', 'permessage-deflate; server_max_window_bits=7'],
  ['server-bits-16', 'permessage-deflate; server_max_window_bits=16'],
  ['server-bits-0', 'permessage-deflate; server_max_window_bits=0'],
  ['server-bits-08', 'permessage-deflate; server_max_window_bits=08'],
  ['server-bits-015', 'permessage-deflate; server_max_window_bits=015'],
  ['server-bits-negative', 'permessage-deflate; server_max_window_bits=-9'],
  ['server-bits-signed', 'permessage-deflate; server_max_window_bits=+9'],
  ['server-bits-fraction', 'permessage-deflate; server_max_window_bits=9.0'],
  ['server-bits-word', 'permessage-deflate; server_max_window_bits=ten'],
  ['server-bits-huge', 'permessage-deflate; server_max_window_bits=99999999999999999999'],
  ['server-bits-without-value', 'permessage-deflate; server_max_window_bits'],
  ['client-bits-7', 'permessage-deflate; client_max_window_bits=7'],
  ['client-bits-16', 'permessage-deflate; client_max_window_bits=16'],
  ['client-bits-09', 'permessage-deflate; client_max_window_bits=09'],
  ['client-bits-word', 'permessage-deflate; client_max_window_bits=x'],
  ['flag-with-value', 'permessage-deflate; server_no_context_takeover=true'],
  ['other-flag-with-value', 'permessage-deflate; client_no_context_takeover=1'],
  ['repeated-flag', 'permessage-deflate; server_no_context_takeover; server_no_context_takeover'],
  ['repeated-server-bits', 'permessage-deflate; server_max_window_bits=10; server_max_window_bits=10'],
  ['repeated-client-bits', 'permessage-deflate; client_max_window_bits; client_max_window_bits=10'],
];

/** Answers that no offer allows. */
const wrong: readonly [name: string, answer: string][] = [
  ['other-extension', 'x-unknown'],
  ['other-extension-beside', 'permessage-deflate, x-unknown'],
  ['twice', 'permessage-deflate, permessage-deflate'],
  ['unknown-parameter', 'permessage-deflate; x_unknown'],
  ['inherited-parameter', 'permessage-deflate; __proto__'],
  ['server-bits-7', 'permessage-deflate; server_max_window_bits=7'],
  ['server-bits-16', 'permessage-deflate; server_max_window_bits=16'],
  ['server-bits-0', 'permessage-deflate; server_max_window_bits=0'],
  ['server-bits-010', 'permessage-deflate; server_max_window_bits=010'],
  ['server-bits-negative', 'permessage-deflate; server_max_window_bits=-10'],
  ['server-bits-word', 'permessage-deflate; server_max_window_bits=ten'],
  ['server-bits-without-value', 'permessage-deflate; server_max_window_bits'],
  ['client-bits-without-value', 'permessage-deflate; client_max_window_bits'],
  ['client-bits-7', 'permessage-deflate; client_max_window_bits=7'],
  ['client-bits-16', 'permessage-deflate; client_max_window_bits=16'],
  ['flag-with-value', 'permessage-deflate; server_no_context_takeover=1'],
  ['other-flag-with-value', 'permessage-deflate; client_no_context_takeover=true'],
  ['repeated-flag', 'permessage-deflate; client_no_context_takeover; client_no_context_takeover'],
  ['repeated-bits', 'permessage-deflate; server_max_window_bits=10; server_max_window_bits=10'],
  ['malformed', 'permessage-deflate; =10'],
  ['unfinished', 'permessage-deflate; server_max_window_bits="10'],
];

/** The opening handshake of permessage-deflate. */
export function* negotiationCases(setup: Setup): Generator<ConformanceCase> {
  for (const [name, offer, answerHas] of accepted) {
    yield {
      id: `${setup}/offers/accepted/${name}`,
      section: 'RFC 7692 5.1',
      rule: 'the first offer that can be accepted is',
      roles: ['server'],
      opening: { offer, answerHas, outcome: 'agreed' },
      steps: short,
      end: goesOn,
    };
  }
  for (const [name, offer] of declined) {
    yield {
      id: `${setup}/offers/declined/${name}`,
      section: SECTION,
      rule: 'an offer that is not valid is declined',
      roles: ['server'],
      opening: { offer, outcome: 'declined' },
      steps: short,
      end: goesOn,
    };
  }
  for (const [name, answer] of wrong) {
    yield {
      id: `${setup}/answers/wrong/${name}`,
      section: SECTION,
      rule: 'an answer that is not valid fails the opening handshake',
      roles: ['client'],
      opening: { answer, outcome: 'wrong' },
      steps: [],
      end: refuses,
    };
  }
  yield {
    id: `${setup}/answers/none`,
    section: 'RFC 6455 9.1',
    rule: 'a server need not accept an offer',
    roles: ['client'],
    opening: { outcome: 'declined' },
    steps: short,
    end: goesOn,
  };
}
