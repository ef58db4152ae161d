import { isInRange } from '../transport/address-range.ts';
import { type DialProtocol, isUnixProtocol, usesTls } from './url.ts';

/** Whom a connection is for. */
export interface ProxyTarget {
  readonly protocol: DialProtocol;
  /** In lower case, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Gives a variable of the environment; `undefined` when it is not set, or empty. */
export type ReadVariable = (name: string) => string | undefined;

/** A proxy that the environment names, and the variable that did. */
export interface ChosenProxy {
  readonly url: string;
  readonly variable: string;
}

/**
 * The proxy that the environment names for a server: `HTTPS_PROXY` with TLS, `HTTP_PROXY` without, `ALL_PROXY` for both,
 * in small letters first, unless `NO_PROXY` names the server.
 *
 * `NO_PROXY` is a list, separated by commas or spaces, of `*`, names (which stand for everything below them too, with
 * or without a dot or `*.` in front), addresses, and ranges such as `10.0.0.0/8`; each may end in a port.
 */
export function chooseProxy(target: ProxyTarget, read: ReadVariable): ChosenProxy | undefined {
  if (isUnixProtocol(target.protocol)) return undefined;
  const exceptions = read('no_proxy') ?? read('NO_PROXY') ?? '';
  if (isExcepted(target, exceptions)) return undefined;
  for (const variable of variablesFor(target.protocol, read)) {
    const url = read(variable);
    if (url !== undefined) return { url, variable };
  }
  return undefined;
}

function variablesFor(protocol: DialProtocol, read: ReadVariable): readonly string[] {
  const all = ['all_proxy', 'ALL_PROXY'];
  if (usesTls(protocol)) return ['https_proxy', 'HTTPS_PROXY', ...all];
  // A CGI program finds the header `Proxy` of whoever sent a request in HTTP_PROXY.
  return read('REQUEST_METHOD') === undefined ? ['http_proxy', 'HTTP_PROXY', ...all] : ['http_proxy', ...all];
}

/** True when a list in the form of `NO_PROXY` names the server. */
export function isExcepted(target: Pick<ProxyTarget, 'host' | 'port'>, exceptions: string): boolean {
  const host = normalize(target.host);
  const entries = exceptions.split(/[\s,]+/).filter((entry) => entry !== '');
  return entries.some((entry) => entry === '*' || matches(host, target.port, entry));
}

function matches(host: string, port: number, entry: string): boolean {
  const { name, portText } = splitEntry(entry);
  if (portText !== undefined && Number(portText) !== port) return false;
  const wanted = normalize(name).replace(/^\*?\./, '');
  if (wanted === '') return false;
  return host === wanted || host.endsWith(`.${wanted}`) || isInRange(host, wanted);
}

/** Name and port of an entry; an address of IPv6 has colons of its own, and a port only behind brackets. */
function splitEntry(entry: string): { name: string; portText: string | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(entry);
  if (bracketed !== null) return { name: bracketed[1] ?? '', portText: bracketed[2] };
  const plain = /^([^:]*):(\d+)$/.exec(entry);
  return plain === null ? { name: entry, portText: undefined } : { name: plain[1] ?? '', portText: plain[2] };
}

/** Neither a zone nor the dot of the root makes another host. */
function normalize(host: string): string {
  return host.toLowerCase().replace(/%.*$/s, '').replace(/\.$/, '');
}
