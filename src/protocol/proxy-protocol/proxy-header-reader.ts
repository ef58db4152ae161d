import { isIpv4, isIpv6 } from '../http1/authority.ts';

/** The origin of a proxied connection. */
export interface ProxiedSource {
  readonly address: string;
  readonly port: number;
}

const V1_START = 'PROXY ';
/** The longest header of version 1, line end included. */
const V1_MAX_BYTES = 107;
const V2_SIGNATURE: Buffer = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
const V2_FIXED_BYTES = 16;
/** Addresses take 216 bytes at most; what follows are notes of the proxy, which nobody needs to be long. */
const V2_MAX_BYTES = 4096;

const V2_LOCAL = 0x20;
const V2_PROXY = 0x21;
const V2_TCP4 = 0x11;
const V2_TCP6 = 0x21;

/**
 * Reads the header that a proxy puts before the bytes of a client (the PROXY protocol of HAProxy, versions 1 and 2),
 * strictly, from bytes that arrive in any pieces. It never reads past the header.
 */
export class ProxyHeaderReader {
  state: 'reading' | 'complete' | 'failed' = 'reading';
  /** Once the state is `complete`: the client, or `undefined` when the proxy speaks for itself or does not tell. */
  source: ProxiedSource | undefined = undefined;
  /** The failure, once the state is `failed`. */
  problem = '';
  private bytes: Buffer = Buffer.allocUnsafe(V1_MAX_BYTES);
  private length = 0;

  /** Reads from `chunk[start]` up to `end`; returns the offset just past the header, or `end` when it is not over. */
  read(chunk: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end && this.state === 'reading') {
      this.bytes[this.length++] = chunk[at++] as number;
      this.step();
    }
    return this.state === 'failed' ? end : at;
  }

  private step(): void {
    const { bytes, length } = this;
    if (bytes[0] === V2_SIGNATURE[0]) this.stepV2();
    else if (length <= V1_START.length) {
      if (bytes[length - 1] !== V1_START.charCodeAt(length - 1)) this.fail('no PROXY header');
    } else if (bytes[length - 1] === 0x0a) this.finishV1(bytes.toString('latin1', 0, length));
    else if (length === V1_MAX_BYTES) this.fail('the line is too long');
  }

  private stepV2(): void {
    const { bytes, length } = this;
    if (length <= V2_SIGNATURE.length) {
      if (bytes[length - 1] !== V2_SIGNATURE[length - 1]) this.fail('no PROXY header');
      return;
    }
    if (length < V2_FIXED_BYTES) return;
    const total = V2_FIXED_BYTES + bytes.readUInt16BE(14);
    if (length === V2_FIXED_BYTES) {
      const command = bytes[12];
      if (command !== V2_LOCAL && command !== V2_PROXY) this.fail('unknown version or command');
      else if (total > V2_MAX_BYTES) this.fail('the header is too long');
      else if (total > bytes.length) {
        this.bytes = Buffer.allocUnsafe(total);
        bytes.copy(this.bytes, 0, 0, length);
      }
    }
    if (length === total && this.state === 'reading') this.finishV2();
  }

  /** `PROXY TCP4 source destination port port`, or `PROXY UNKNOWN` and anything. */
  private finishV1(line: string): void {
    if (/^PROXY UNKNOWN(?: [^\r\n]*)?\r\n$/.test(line)) {
      this.complete(undefined);
      return;
    }
    const match = /^PROXY (TCP[46]) ([^ ]+) ([^ ]+) (\d{1,5}) (\d{1,5})\r\n$/.exec(line);
    const [, family, source = '', destination = '', sourcePort, destinationPort] = match ?? [];
    const isAddress = family === 'TCP4' ? isIpv4 : isIpv6;
    const areInRange = Number(sourcePort) <= 65_535 && Number(destinationPort) <= 65_535;
    if (match === null || !isAddress(source) || !isAddress(destination) || !areInRange) this.fail('malformed line');
    else this.complete({ address: source, port: Number(sourcePort) });
  }

  private finishV2(): void {
    const { bytes, length } = this;
    const family = bytes[13];
    if (bytes[12] === V2_LOCAL) this.complete(undefined);
    else if (family === V2_TCP4) {
      if (length < V2_FIXED_BYTES + 12) this.fail('the addresses are cut');
      else this.complete({ address: bytes.subarray(16, 20).join('.'), port: bytes.readUInt16BE(24) });
    } else if (family === V2_TCP6) {
      if (length < V2_FIXED_BYTES + 36) this.fail('the addresses are cut');
      else this.complete({ address: formatIpv6(bytes.subarray(16, 32)), port: bytes.readUInt16BE(48) });
    } else {
      // Unix sockets and what the proxy did not want to tell: a connection without a known source.
      this.complete(undefined);
    }
  }

  private complete(source: ProxiedSource | undefined): void {
    this.source = source;
    this.state = 'complete';
  }

  private fail(problem: string): void {
    this.problem = problem;
    this.state = 'failed';
  }
}

/** An IPv6 address as the system writes it (RFC 5952); one that stands for an IPv4 address becomes that. */
function formatIpv6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) return bytes.subarray(12).join('.');
  let start = 0;
  let length = 0;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (groups[end] === 0) end++;
    if (end - i > length) [start, length] = [i, end - i];
  }
  const write = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return length < 2 ? write(0, 8) : `${write(0, start)}::${write(start + length, 8)}`;
}
