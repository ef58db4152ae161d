import { Deviation } from './deviation.ts';
import { type DirectionParams, MessageCodec } from './message-codec.ts';

/** One extension of a `Sec-WebSocket-Extensions` field. The suite writes and meets tokens only. */
interface Extension {
  readonly name: string;
  readonly params: ReadonlyMap<string, string>;
}

const NAME = 'permessage-deflate';
const BITS = ['server_max_window_bits', 'client_max_window_bits'] as const;
const FLAGS = ['server_no_context_takeover', 'client_no_context_takeover'] as const;

function parse(field: string): Extension[] {
  return field.split(',').map((element) => {
    const [name = '', ...params] = element.split(';').map((part) => part.trim());
    const pairs = params.map((param): [string, string] => {
      const [key = '', value = ''] = param.split('=').map((part) => part.trim());
      return [key, value.replaceAll('"', '')];
    });
    const map = new Map(pairs);
    if (map.size !== pairs.length) throw new Deviation(`a parameter occurs twice in ${field}`);
    return { name, params: map };
  });
}

/** Whether an answer is one that this offer allows (RFC 7692 section 7.1). */
function isAnswerTo(answer: Extension, offer: Extension): boolean {
  const offered = (name: string): string | undefined => offer.params.get(name);
  const answered = (name: string): string | undefined => answer.params.get(name);
  if (offer.name !== NAME) return false;
  if (offered('server_no_context_takeover') !== undefined && answered('server_no_context_takeover') === undefined) {
    return false;
  }
  if (answered('client_max_window_bits') !== undefined && offered('client_max_window_bits') === undefined) return false;
  for (const name of BITS) {
    const limit = Number(offered(name) || '15');
    if (answered(name) !== undefined && Number(answered(name)) > limit) return false;
  }
  return !offer.params.has('server_max_window_bits') || answer.params.has('server_max_window_bits');
}

/** What is wrong with an answer in itself. */
function faultOf(answer: Extension): string | undefined {
  if (answer.name !== NAME) return `the extension ${answer.name}`;
  for (const [name, value] of answer.params) {
    if ((FLAGS as readonly string[]).includes(name)) {
      if (value !== '') return `a value of ${name}`;
    } else if ((BITS as readonly string[]).includes(name)) {
      if (!/^([89]|1[0-5])$/.test(value)) return `${name}=${value}`;
    } else return `the parameter ${name}`;
  }
  return undefined;
}

/** Checks a server's answer to the suite's offers. `undefined` when it declined. */
export function agreeAsClient(offers: string, answer: string | undefined): MessageCodec | undefined {
  if (answer === undefined) return undefined;
  const [extension, ...others] = parse(answer);
  if (extension === undefined || others.length > 0) throw new Deviation(`more than one extension in ${answer}`);
  const fault = faultOf(extension);
  if (fault !== undefined) throw new Deviation(`${fault} in the answer ${answer}`);
  if (
    !offers.split(',').some((offer) => isWellFormed(offer) && parse(offer).some((one) => isAnswerTo(extension, one)))
  ) {
    throw new Deviation(`the answer ${answer} to ${offers}`);
  }
  return new MessageCodec(directionOf(extension, 'client'), directionOf(extension, 'server'));
}

/** Offers that must be declined are written by cases on purpose; they are no measure for an answer. */
function isWellFormed(offer: string): boolean {
  try {
    const [extension] = parse(offer);
    if (extension === undefined) return false;
    const params = new Map(extension.params);
    if (params.get('client_max_window_bits') === '') params.delete('client_max_window_bits');
    return faultOf({ name: extension.name, params }) === undefined;
  } catch {
    return false;
  }
}

/** The codec of the suite as a server that answers so. */
export function agreeAsServer(answer: string): MessageCodec | undefined {
  const [extension] = parse(answer);
  if (extension === undefined) return undefined;
  return new MessageCodec(directionOf(extension, 'server'), directionOf(extension, 'client'));
}

/** Whether the client's offers allow this answer. */
export function isOffered(offers: string | undefined, answer: string): boolean {
  if (offers === undefined) return false;
  const [extension] = parse(answer);
  return extension !== undefined && parse(offers).some((offer) => allows(offer, extension));
}

/** As {@link isAnswerTo}, but for a `server_max_window_bits` of 15, which says no more than its absence. */
function allows(offer: Extension, answer: Extension): boolean {
  const params = new Map(offer.params);
  if (params.get('server_max_window_bits') === '15') params.delete('server_max_window_bits');
  return isAnswerTo(answer, { name: offer.name, params });
}

function directionOf({ params }: Extension, side: 'client' | 'server'): DirectionParams {
  return {
    windowBits: Number(params.get(`${side}_max_window_bits`) || '15'),
    hasTakeover: !params.has(`${side}_no_context_takeover`),
  };
}
