import { type ContentPath, contents } from './http-content.ts';
import { bun, fetchApi, nodeHttp, ours, type Subject, undici, ws, wsLevel4, wsNative } from './subjects.ts';

/** permessage-deflate in both directions: each message by itself, or with what came before it (context takeover). */
export type Deflate = 'alone' | 'takeover';

/** What is done to a subject. Everything a workload needs is data, so that a row is added without new code. */
export type Workload =
  | {
      readonly kind: 'echo';
      /** The first part of the server's file name. */
      readonly server: string;
      readonly connections: number;
      readonly inFlight: number;
      readonly size: number;
      readonly binary: boolean;
      /** Compressed messages of text, in both directions. */
      readonly deflate?: Deflate;
      readonly isSecure?: boolean;
    }
  | {
      readonly kind: 'http';
      readonly server: string;
      readonly connections: number;
      readonly inFlight: number;
      readonly path: ContentPath;
      readonly bodyBytes: number;
      readonly postBytes?: number;
    }
  | { readonly kind: 'receive'; readonly size: number; readonly warmCount: number; readonly count: number }
  | {
      readonly kind: 'connect';
      readonly server: string;
      readonly concurrency: number;
      readonly warmCount: number;
      readonly count: number;
      readonly leave: 'fin' | 'closeFrame';
    }
  | {
      readonly kind: 'idle';
      readonly server: string;
      readonly warmCount: number;
      readonly count: number;
      /** One message and its reply on each connection before it is idle. */
      readonly exchanges: boolean;
      readonly deflate?: Deflate;
    }
  | {
      readonly kind: 'broadcast';
      readonly server: string;
      readonly connections: number;
      /** Broadcasts in one turn of the event loop. */
      readonly perTurn: number;
      readonly size: number;
      readonly deflate?: Deflate;
    }
  | {
      readonly kind: 'request';
      /** Bytes of the response. */
      readonly size: number;
      /** Bytes of the body of the request; 0 for a GET. */
      readonly sent: number;
      readonly connections: number;
      readonly warmCount: number;
      readonly count: number;
    }
  | { readonly kind: 'push'; readonly from: 'subject' | 'raw'; readonly to: 'subject' | 'raw'; readonly count: number };

/** What is compared: CPU time, things done in a second, or resident memory. */
export type Measure = 'cpu' | 'throughput' | 'memory';

export interface Target {
  /** The name of a subject of the row, or of a recorded result. */
  readonly against: string;
  readonly measure: Measure;
  /** How many times better ours has to be; below 1, how much worse it may be. */
  readonly atLeast: number;
}

/** A result from elsewhere, of something that `npm run bench` cannot install. */
export interface Recorded {
  readonly name: string;
  readonly perSecond: number;
}

export interface Row {
  readonly group: 'echo' | 'broadcast' | 'receive' | 'accept' | 'memory' | 'push' | 'http-client' | 'http-server';
  readonly name: string;
  readonly workload: Workload;
  /** Ours comes first. */
  readonly subjects: readonly [Subject, ...Subject[]];
  readonly targets: readonly Target[];
  readonly recorded?: readonly Recorded[];
}

const allServers = [ours, ws, wsNative, bun] as const;
/** Where no payload is masked by the measured side, or none long enough for the add-on, it makes no difference. */
const withoutAddOn = [ours, ws, bun] as const;

/** 0.59 million messages a second were measured for the C++ library on a quiet machine of the kind in docs/benchmarks.md. */
const cppPush: Recorded = { name: 'IXWebSocket C++ (recorded)', perSecond: 590_000 };
const pushTarget: Target = { against: cppPush.name, measure: 'throughput', atLeast: 5 };

const smallEcho = { kind: 'echo', server: 'echo', connections: 64, size: 20, binary: false } as const;

const deflateNames: Readonly<Record<Deflate, string>> = {
  alone: 'no context takeover',
  takeover: 'context takeover',
};

function deflateEcho(size: number, deflate: Deflate): Row {
  return {
    group: 'echo',
    name: `echo with deflate, ${deflateNames[deflate]}, 64 connections, 16 x ${size} B in flight`,
    workload: { ...smallEcho, inFlight: 16, size, deflate },
    subjects: [ours, ws, wsLevel4, bun],
    targets: [
      { against: 'ws', measure: 'cpu', atLeast: 4 },
      { against: 'ws at level 4', measure: 'cpu', atLeast: 4 },
    ],
  };
}

/** Fewer connections than uncompressed: an engine for each of them takes a quarter of a megabyte. */
function idleDeflate(deflate: Deflate): Row {
  return {
    group: 'memory',
    name: `idle connection after one deflated message, ${deflateNames[deflate]}`,
    workload: { kind: 'idle', server: 'echo', warmCount: 100, count: 2000, exchanges: true, deflate },
    subjects: [ours, ws],
    targets: [{ against: 'ws', measure: 'memory', atLeast: 1 }],
  };
}

const toThousand = { kind: 'broadcast', server: 'broadcast', connections: 1000, perTurn: 1, size: 100 } as const;

/** The CPU time is that of one broadcast, to all clients. */
const broadcasts: readonly Row[] = [
  {
    group: 'broadcast',
    name: 'broadcast of 100 B to 1000 clients',
    workload: toThousand,
    subjects: [ours, ws],
    targets: [{ against: 'ws', measure: 'cpu', atLeast: 1.15 }],
  },
  {
    group: 'broadcast',
    name: '16 broadcasts of 100 B in one turn to 1000 clients',
    workload: { ...toThousand, perTurn: 16 },
    subjects: [ours, ws],
    targets: [{ against: 'ws', measure: 'cpu', atLeast: 8 }],
  },
  {
    group: 'broadcast',
    name: 'broadcast of 1 KB with deflate to 1000 clients',
    workload: { ...toThousand, size: 1000, deflate: 'alone' },
    subjects: [ours, ws, wsLevel4],
    targets: [
      { against: 'ws', measure: 'cpu', atLeast: 6 },
      { against: 'ws at level 4', measure: 'cpu', atLeast: 6 },
    ],
  },
];

const httpClients = [ours, undici, nodeHttp, fetchApi] as const;

function request(name: string, work: { size: number; sent: number; connections: number; count: number }): Row {
  // Of longer ones most of the time is the system's.
  const isSmall = work.size + work.sent < 10_000;
  return {
    group: 'http-client',
    name,
    workload: { kind: 'request', warmCount: Math.ceil(work.count / 10), ...work },
    subjects: httpClients,
    targets: isSmall
      ? [
          { against: 'undici.request', measure: 'cpu', atLeast: 1.5 },
          { against: 'fetch', measure: 'cpu', atLeast: 10 },
        ]
      : [],
  };
}

type HttpWork = Pick<Extract<Workload, { kind: 'http' }>, 'connections' | 'inFlight' | 'postBytes'>;

/** One kind of request on keep-alive connections. */
function http(name: string, path: ContentPath, targets: readonly Target[], work: Partial<HttpWork> = {}): Row {
  const { connections = 64, inFlight = 1, postBytes } = work;
  const bodyBytes = contents[path].bytes;
  const get = { kind: 'http', server: 'http', connections, inFlight, path, bodyBytes } as const;
  return {
    group: 'http-server',
    name: `HTTP server, ${name}, ${connections} connections`,
    workload: postBytes === undefined ? get : { ...get, postBytes },
    subjects: [ours, nodeHttp, bun],
    targets,
  };
}

/** How many times less CPU than Node's own server. */
function againstNode(atLeast: number): Target {
  return { against: nodeHttp.name, measure: 'cpu', atLeast };
}

export const rows: readonly Row[] = [
  {
    group: 'echo',
    name: 'echo pipelined, 64 connections, 16 x 20 B in flight',
    workload: { ...smallEcho, inFlight: 16 },
    subjects: allServers,
    targets: [
      { against: 'ws', measure: 'throughput', atLeast: 10 },
      { against: 'Bun', measure: 'throughput', atLeast: 0.85 },
    ],
  },
  {
    group: 'echo',
    name: 'echo one in flight, 64 connections, 20 B',
    workload: { ...smallEcho, inFlight: 1 },
    subjects: allServers,
    targets: [{ against: 'ws', measure: 'cpu', atLeast: 1.25 }],
  },
  {
    group: 'echo',
    name: 'echo large, 8 connections, 1 MB binary',
    workload: { kind: 'echo', server: 'echo', connections: 8, inFlight: 1, size: 1_000_000, binary: true },
    subjects: allServers,
    targets: [{ against: 'ws + bufferutil', measure: 'cpu', atLeast: 0.9 }],
  },
  {
    group: 'echo',
    name: 'echo large, 8 connections, 1 MB text',
    workload: { kind: 'echo', server: 'echo', connections: 8, inFlight: 1, size: 1_000_000, binary: false },
    subjects: allServers,
    targets: [{ against: 'ws + bufferutil', measure: 'cpu', atLeast: 0.9 }],
  },
  deflateEcho(100, 'alone'),
  deflateEcho(100, 'takeover'),
  deflateEcho(1000, 'alone'),
  deflateEcho(1000, 'takeover'),
  {
    group: 'echo',
    name: 'echo over TLS, pipelined, 64 connections, 16 x 20 B in flight',
    workload: { ...smallEcho, inFlight: 16, isSecure: true },
    subjects: withoutAddOn,
    targets: [],
  },
  {
    group: 'echo',
    name: 'echo over TLS, one in flight, 64 connections, 20 B',
    workload: { ...smallEcho, inFlight: 1, isSecure: true },
    subjects: withoutAddOn,
    targets: [],
  },
  ...broadcasts,
  http('keep-alive GET of 13 B', '/small', [againstNode(1.6)]),
  http('keep-alive GET of 13 B, async callback', '/async', [againstNode(1.5)]),
  http('keep-alive GET of 16 KiB', '/large', [againstNode(1.1)]),
  http('keep-alive POST of 1 KB', '/post', [againstNode(1.5)], { postBytes: 1000 }),
  http('file of 64 KiB', '/file-64k', [againstNode(1)]),
  http('file of 10 MB', '/file-10m', [againstNode(1)], { connections: 8 }),
  http(
    'GET of 13 B, 16 in flight',
    '/small',
    [againstNode(3), { against: bun.name, measure: 'throughput', atLeast: 0.85 }],
    { inFlight: 16 },
  ),
  {
    group: 'receive',
    name: 'receive, client, 2 B text',
    workload: { kind: 'receive', size: 2, warmCount: 200_000, count: 2_000_000 },
    subjects: withoutAddOn,
    targets: [{ against: 'ws', measure: 'cpu', atLeast: 3 }],
  },
  {
    group: 'receive',
    name: 'receive, client, 200 B text',
    workload: { kind: 'receive', size: 200, warmCount: 200_000, count: 2_000_000 },
    subjects: withoutAddOn,
    targets: [],
  },
  {
    group: 'accept',
    name: 'accept and upgrade, the client leaves by FIN',
    workload: { kind: 'connect', server: 'echo', concurrency: 32, warmCount: 3000, count: 8000, leave: 'fin' },
    subjects: withoutAddOn,
    targets: [{ against: 'ws', measure: 'cpu', atLeast: 1.3 }],
  },
  {
    group: 'accept',
    name: 'accept, upgrade and close handshake',
    workload: { kind: 'connect', server: 'echo', concurrency: 32, warmCount: 3000, count: 8000, leave: 'closeFrame' },
    subjects: withoutAddOn,
    targets: [],
  },
  {
    group: 'memory',
    name: 'idle connection, resident memory',
    workload: { kind: 'idle', server: 'echo', warmCount: 1000, count: 4000, exchanges: false },
    subjects: withoutAddOn,
    targets: [{ against: 'ws', measure: 'memory', atLeast: 1 }],
  },
  {
    group: 'memory',
    name: 'idle connection after one message, resident memory',
    workload: { kind: 'idle', server: 'echo', warmCount: 1000, count: 4000, exchanges: true },
    subjects: withoutAddOn,
    targets: [],
  },
  idleDeflate('alone'),
  idleDeflate('takeover'),
  request('HTTP client, GET of 13 B, 50 kept connections', { size: 13, sent: 0, connections: 50, count: 40_000 }),
  request('HTTP client, GET of 16 KB, 50 kept connections', { size: 16_384, sent: 0, connections: 50, count: 20_000 }),
  request('HTTP client, POST of 1 KB, 50 kept connections', { size: 13, sent: 1024, connections: 50, count: 30_000 }),
  request('HTTP client, download of 10 MB', { size: 10_000_000, sent: 0, connections: 2, count: 40 }),
  request('HTTP client, upload of 10 MB', { size: 13, sent: 10_000_000, connections: 2, count: 40 }),
  {
    group: 'push',
    name: 'push_server to autoroute, 1 M x 11 B (CPU of both)',
    workload: { kind: 'push', from: 'subject', to: 'subject', count: 1_000_000 },
    subjects: withoutAddOn,
    targets: [pushTarget],
    recorded: [cppPush],
  },
  {
    group: 'push',
    name: 'push_server to a raw client, 1 M x 11 B',
    workload: { kind: 'push', from: 'subject', to: 'raw', count: 1_000_000 },
    subjects: withoutAddOn,
    targets: [pushTarget],
    recorded: [cppPush],
  },
  {
    group: 'push',
    name: 'a raw server to autoroute, 1 M x 11 B',
    workload: { kind: 'push', from: 'raw', to: 'subject', count: 1_000_000 },
    subjects: withoutAddOn,
    targets: [pushTarget],
    recorded: [cppPush],
  },
];
