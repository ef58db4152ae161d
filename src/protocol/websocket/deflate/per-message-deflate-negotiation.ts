import type { ExtensionParam, ParsedExtension } from '../handshake/extension-header.ts';
import type { PerMessageDeflateSettings } from './per-message-deflate-options.ts';

const EXTENSION_NAME = 'permessage-deflate';

/** The parameters that both sides have agreed on (RFC 7692 section 7.1). */
export interface PerMessageDeflateAgreement {
  readonly clientNoContextTakeover: boolean;
  readonly serverNoContextTakeover: boolean;
  /** The client compresses with a window of at most this power of two. */
  readonly clientMaxWindowBits: number;
  readonly serverMaxWindowBits: number;
}

/** The parameters of one offer or answer. */
interface Params {
  readonly clientNoContextTakeover: boolean;
  readonly serverNoContextTakeover: boolean;
  /** `true` without a value: the client's hint that it can be told one. */
  readonly clientMaxWindowBits: number | true | undefined;
  readonly serverMaxWindowBits: number | undefined;
}

const LARGEST_WINDOW_BITS = 15;

/** Digits without leading zeros (section 7.1.2). Quoted values are the same to RFC 6455 9.1, and come unquoted. */
const WINDOW_BITS = /^(?:[89]|1[0-5])$/;

/** The name of the parameter that is wrong, as a message may show it. */
class BadParam {
  readonly what: string;

  constructor(what: string) {
    this.what = what;
  }
}

/** Reads parameters; a repeated, unknown or malformed one makes all of them useless (section 7.1). */
function readParams(params: readonly ExtensionParam[]): Params | BadParam {
  let clientNoContextTakeover = false;
  let serverNoContextTakeover = false;
  let clientMaxWindowBits: number | true | undefined;
  let serverMaxWindowBits: number | undefined;
  for (const [name, value] of params) {
    switch (name) {
      case 'client_no_context_takeover':
        if (clientNoContextTakeover || value !== true) return new BadParam(name);
        clientNoContextTakeover = true;
        break;
      case 'server_no_context_takeover':
        if (serverNoContextTakeover || value !== true) return new BadParam(name);
        serverNoContextTakeover = true;
        break;
      case 'client_max_window_bits':
        if (clientMaxWindowBits !== undefined || (value !== true && !WINDOW_BITS.test(value))) {
          return new BadParam(name);
        }
        clientMaxWindowBits = value === true ? true : Number(value);
        break;
      case 'server_max_window_bits':
        if (serverMaxWindowBits !== undefined || value === true || !WINDOW_BITS.test(value)) return new BadParam(name);
        serverMaxWindowBits = Number(value);
        break;
      default:
        return new BadParam('a parameter');
    }
  }
  return { clientNoContextTakeover, serverNoContextTakeover, clientMaxWindowBits, serverMaxWindowBits };
}

function writeParams(params: Params): ParsedExtension {
  const list: ExtensionParam[] = [];
  const { clientMaxWindowBits, serverMaxWindowBits } = params;
  if (params.serverNoContextTakeover) list.push(['server_no_context_takeover', true]);
  if (params.clientNoContextTakeover) list.push(['client_no_context_takeover', true]);
  if (serverMaxWindowBits !== undefined) list.push(['server_max_window_bits', String(serverMaxWindowBits)]);
  if (clientMaxWindowBits !== undefined) {
    list.push(['client_max_window_bits', clientMaxWindowBits === true ? true : String(clientMaxWindowBits)]);
  }
  return { name: EXTENSION_NAME, params: list };
}

/** A client's offer. `canKeepHistory` says whether messages that refer to earlier ones can be inflated. */
function offeredParams(settings: PerMessageDeflateSettings, canKeepHistory: boolean): Params {
  const { clientMaxWindowBits: clientBits, serverMaxWindowBits: serverBits } = settings;
  return {
    clientNoContextTakeover: settings.clientNoContextTakeover,
    serverNoContextTakeover: settings.serverNoContextTakeover || !canKeepHistory,
    clientMaxWindowBits: clientBits === false ? undefined : clientBits < LARGEST_WINDOW_BITS ? clientBits : true,
    serverMaxWindowBits: serverBits < LARGEST_WINDOW_BITS ? serverBits : undefined,
  };
}

/** The offer in a client's request: nothing when the extension is switched off. */
export function offerPerMessageDeflate(
  settings: PerMessageDeflateSettings,
  canKeepHistory: boolean,
): readonly ParsedExtension[] {
  return settings.enabled ? [writeParams(offeredParams(settings, canKeepHistory))] : [];
}

/** A server's answer, and what it means. */
export interface AcceptedPerMessageDeflate {
  readonly answer: ParsedExtension;
  readonly agreement: PerMessageDeflateAgreement;
}

/** Accepts the first offer that is well-formed and can be kept; `undefined` when there is none. */
export function acceptPerMessageDeflate(
  offers: readonly ParsedExtension[],
  settings: PerMessageDeflateSettings,
  canKeepHistory: boolean,
): AcceptedPerMessageDeflate | undefined {
  if (!settings.enabled) return undefined;
  for (const { name, params } of offers) {
    if (name !== EXTENSION_NAME) continue;
    const offer = readParams(params);
    if (offer instanceof BadParam) continue;
    const accepted = acceptOffer(offer, settings, canKeepHistory);
    if (accepted !== undefined) return accepted;
  }
  return undefined;
}

function acceptOffer(
  offer: Params,
  settings: PerMessageDeflateSettings,
  canKeepHistory: boolean,
): AcceptedPerMessageDeflate | undefined {
  const ourClientBits = settings.clientMaxWindowBits === false ? LARGEST_WINDOW_BITS : settings.clientMaxWindowBits;
  // Section 7.1.2.2: only a client that named the parameter may be given a value.
  if (offer.clientMaxWindowBits === undefined && ourClientBits < LARGEST_WINDOW_BITS) return undefined;
  const offeredClientBits = typeof offer.clientMaxWindowBits === 'number' ? offer.clientMaxWindowBits : undefined;
  const agreement = {
    clientNoContextTakeover: offer.clientNoContextTakeover || settings.clientNoContextTakeover || !canKeepHistory,
    serverNoContextTakeover: offer.serverNoContextTakeover || settings.serverNoContextTakeover,
    clientMaxWindowBits: Math.min(ourClientBits, offeredClientBits ?? LARGEST_WINDOW_BITS),
    serverMaxWindowBits: Math.min(settings.serverMaxWindowBits, offer.serverMaxWindowBits ?? LARGEST_WINDOW_BITS),
  };
  const { clientMaxWindowBits: clientBits, serverMaxWindowBits: serverBits } = agreement;
  const answersClientBits = clientBits < LARGEST_WINDOW_BITS || offeredClientBits !== undefined;
  const answersServerBits = serverBits < LARGEST_WINDOW_BITS || offer.serverMaxWindowBits !== undefined;
  const answer = writeParams({
    ...agreement,
    clientMaxWindowBits: answersClientBits ? clientBits : undefined,
    serverMaxWindowBits: answersServerBits ? serverBits : undefined,
  });
  return { answer, agreement };
}

/** The parameters in a server's answer, or the rule that it breaks. */
export type JudgedAnswer =
  | { readonly ok: true; readonly agreement: PerMessageDeflateAgreement }
  | { readonly ok: false; readonly reason: string };

/** Judges a server's answer to the offer that these settings made (section 7.1). It holds one extension at least. */
export function judgePerMessageDeflate(
  answers: readonly ParsedExtension[],
  settings: PerMessageDeflateSettings,
  canKeepHistory: boolean,
): JudgedAnswer {
  const [first, second] = answers;
  if (first === undefined || second !== undefined) return refuse('the server uses it more than once');
  const answer = readParams(first.params);
  if (answer instanceof BadParam) return refuse(`${answer.what} in the answer is unknown, repeated or malformed`);
  const offer = offeredParams(settings, canKeepHistory);
  const { clientMaxWindowBits: clientBits = LARGEST_WINDOW_BITS, serverMaxWindowBits: serverBits } = answer;
  if (clientBits === true) return refuse('client_max_window_bits in the answer has no value');
  if (answer.clientMaxWindowBits !== undefined && offer.clientMaxWindowBits === undefined) {
    return refuse('client_max_window_bits was not offered');
  }
  const offeredClientBits = typeof offer.clientMaxWindowBits === 'number' ? offer.clientMaxWindowBits : undefined;
  if (answer.clientMaxWindowBits !== undefined && clientBits > (offeredClientBits ?? LARGEST_WINDOW_BITS)) {
    return refuse('client_max_window_bits in the answer is larger than offered');
  }
  if (offer.serverMaxWindowBits !== undefined && (serverBits === undefined || serverBits > offer.serverMaxWindowBits)) {
    return refuse('the answer does not keep to the server_max_window_bits of the offer');
  }
  if (offer.serverNoContextTakeover && !answer.serverNoContextTakeover) {
    return refuse('the answer does not keep to the server_no_context_takeover of the offer');
  }
  const agreement = {
    // Nobody is forced to use context takeover: what the client wanted for itself holds anyway.
    clientNoContextTakeover: answer.clientNoContextTakeover || offer.clientNoContextTakeover,
    serverNoContextTakeover: answer.serverNoContextTakeover,
    clientMaxWindowBits: Math.min(clientBits, offeredClientBits ?? LARGEST_WINDOW_BITS),
    serverMaxWindowBits: serverBits ?? LARGEST_WINDOW_BITS,
  };
  return { ok: true, agreement };
}

function refuse(why: string): JudgedAnswer {
  return { ok: false, reason: `Invalid permessage-deflate answer: ${why}` };
}
