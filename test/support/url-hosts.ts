import { parseProxyUrl } from '../../src/dial/proxy-server.ts';
import { parseHttpUrl, parseWebSocketUrl } from '../../src/dial/url.ts';
import { whatwgUrl } from '../../src/util/whatwg-url.ts';
import { Random } from './random.ts';

/** Pieces of URLs, those about which readers disagree among them. */
const pieces: readonly string[] = [
  'good.example evil.example localhost 127.0.0.1 0x7f.1 2130706433 017700000001 [::1] [::ffff:127.0.0.1] [::1%25eth0]',
  'a @ @ : : / // \\ \\\\ ? # . .. ; , & = + ! ~ * $ \' [ ] ( ) | ^ ` { } < > " _ - % 0 80 443 8080 65536 user p%40ss',
  '%40 %2F %5C %23 %3F %00 %2e \uFF0F \uFF20 \uFF1A \uFF3C \u3002 \u2024 ß é xn-- \u00ad \u200d İ \u2100',
].flatMap((list) => [' ', ...list.split(' ')]);

/** Schemes, and what else the beginning of a URL may look like. */
const beginnings: readonly string[] = [
  'http:// http:// https:// ws:// wss:// socks5:// HTTP:// http:/ http: http:/// http:\\\\ http:/\\ //',
  'http://good.example http://good.example:80 http://user:pw@ ws://u@good.example',
].flatMap((list) => list.split(' '));

interface Found {
  readonly host: string;
  readonly port: number;
}

/** The parsers that find a host. */
const parsers: Readonly<Record<string, (text: string) => Found | undefined>> = {
  http: (text) => {
    const result = parseHttpUrl(text);
    return result.ok ? result.url : undefined;
  },
  webSocket: (text) => {
    const result = parseWebSocketUrl(text);
    return result.ok ? result.url : undefined;
  },
  proxy: (text) => {
    const result = parseProxyUrl(text);
    return result.ok && result.proxy.protocol.startsWith('http') ? result.proxy : undefined;
  },
};

/** Generates URLs, and compares the host that our parsers find with that of `new URL`. Refusing is not disagreeing. */
export function disagreementsOnHosts(count: number, seed: number): { parsed: number; disagreements: string[] } {
  const random = new Random(seed);
  const disagreements: string[] = [];
  let parsed = 0;
  for (let i = 0; i < count; i++) {
    let text = random.pick(beginnings);
    for (let length = random.below(7); length >= 0; length--) text += random.pick(pieces);
    for (const [name, parse] of Object.entries(parsers)) {
      const found = parse(text);
      // Zones are for link-local addresses, and WHATWG knows none.
      if (found === undefined || found.host.includes('%')) continue;
      parsed++;
      const expected = whatwg(text);
      if (expected !== `${found.host} ${found.port}`) disagreements.push(`${name} ${text}: ${expected}`);
    }
  }
  return { parsed, disagreements };
}

function whatwg(text: string): string {
  const url = whatwgUrl(text);
  if (url === undefined) return 'no URL';
  const { protocol, hostname, port } = url;
  const defaultPort = protocol === 'https:' || protocol === 'wss:' ? 443 : 80;
  return `${hostname.replace(/^\[|\]$/g, '')} ${port === '' ? defaultPort : port}`;
}
