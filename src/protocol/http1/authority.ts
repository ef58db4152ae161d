/** Host and port as in a `Host` header or the authority of a URI, without userinfo (RFC 9110 7.2, RFC 3986 3.2). */
export interface Authority {
  /** Lower case; an IPv6 address keeps its brackets. */
  readonly host: string;
  /** `undefined` when none is given, or when it is empty, which RFC 3986 3.2.3 calls the same. */
  readonly port: number | undefined;
}

const COLON = 0x3a;
const DOT = 0x2e;

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isHexDigit(code: number): boolean {
  const lower = code | 0x20;
  return isDigit(code) || (lower >= 0x61 && lower <= 0x66);
}

/**
 * unreserved or sub-delims of RFC 3986, but not the comma: it is no part of any real host name, and it is what an
 * intermediary makes of two Host fields.
 */
function isRegNameCode(code: number): boolean {
  const lower = code | 0x20;
  if ((lower >= 0x61 && lower <= 0x7a && code < 0x80) || isDigit(code)) return true;
  // - . _ ~ ! $ & ' ( ) * + ; =
  if (code === 0x2d || code === DOT || code === 0x5f || code === 0x7e || code === 0x21 || code === 0x24) return true;
  return (code >= 0x26 && code <= 0x2b) || code === 0x3b || code === 0x3d;
}

/** Index just past the host of `text`, or -1. */
function scanHost(text: string): number {
  if (text.charCodeAt(0) === 0x5b) {
    const close = text.indexOf(']');
    return close > 0 && isIpv6(text.slice(1, close)) ? close + 1 : -1;
  }
  let i = 0;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    if (code === COLON) break;
    if (code === 0x25 && isHexDigit(text.charCodeAt(i + 1)) && isHexDigit(text.charCodeAt(i + 2))) i += 3;
    else if (isRegNameCode(code)) i++;
    else return -1;
  }
  // RFC 9110 4.2.1: an http URI with an empty host is invalid.
  return i > 0 ? i : -1;
}

/** The port after the colon at `colon`; 0 when it is empty, -1 when it is none. */
function scanPort(text: string, colon: number): number {
  let port = 0;
  for (let i = colon + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (!isDigit(code)) return -1;
    port = port * 10 + (code - 0x30);
    if (port > 65535) return -1;
  }
  return port;
}

/** Tells whether `text` is `host [":" port]`. Allocates nothing for a name: it is asked for every request. */
export function isAuthority(text: string): boolean {
  const end = scanHost(text);
  if (end < 0) return false;
  return end === text.length || (text.charCodeAt(end) === COLON && scanPort(text, end) >= 0);
}

/** Host and port of `text`, or `undefined` when it is not `host [":" port]`. */
export function parseAuthority(text: string): Authority | undefined {
  if (!isAuthority(text)) return undefined;
  const end = scanHost(text);
  const hasPort = end + 1 < text.length;
  return { host: text.slice(0, end).toLowerCase(), port: hasPort ? scanPort(text, end) : undefined };
}

/** Four decimal numbers without leading zeros (RFC 3986 3.2.2). */
export function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255);
}

/** RFC 3986 3.2.2 IPv6address. A zone (RFC 6874) means something on the sender's machine only, and is refused. */
export function isIpv6(text: string): boolean {
  if (text.length < 2 || text.length > 45) return false;
  const halves = text.split('::');
  if (halves.length > 2) return false;
  let groups = 0;
  for (const [index, half] of halves.entries()) {
    if (half === '') {
      if (halves.length === 1) return false;
      continue;
    }
    const parts = half.split(':');
    for (const [position, part] of parts.entries()) {
      const isLast = index === halves.length - 1 && position === parts.length - 1;
      if (isLast && part.includes('.')) {
        if (!isIpv4(part)) return false;
        groups += 2;
      } else {
        if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return false;
        groups++;
      }
    }
  }
  // `::` stands for at least one group.
  return halves.length === 2 ? groups <= 7 : groups === 8;
}
