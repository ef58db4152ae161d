/** Whose server or client is measured. The suffix names its files: `servers/echo-ws.ts`, `client-ws.ts`. */
export interface Subject {
  readonly name: string;
  readonly suffix: 'ours' | 'ws' | 'node' | 'bun' | 'undici' | 'fetch';
  readonly runtime: 'node' | 'bun';
  readonly env?: Readonly<Record<string, string>>;
}

export const ours: Subject = { name: 'ours', suffix: 'ours', runtime: 'node' };

/** `ws` loads the add-on whenever it is installed, which it is here; the variable is its own switch. */
export const ws: Subject = { name: 'ws', suffix: 'ws', runtime: 'node', env: { WS_NO_BUFFER_UTIL: '1' } };
export const wsNative: Subject = { name: 'ws + bufferutil', suffix: 'ws', runtime: 'node' };

/** Compressing as hard as ours does unless told otherwise; the default of `ws`, and of zlib, is 6. */
export const wsLevel4: Subject = { ...ws, name: 'ws at level 4', env: { ...ws.env, DEFLATE_LEVEL: '4' } };

/** Clients of HTTP. */
export const undici: Subject = { name: 'undici.request', suffix: 'undici', runtime: 'node' };
export const fetchApi: Subject = { name: 'fetch', suffix: 'fetch', runtime: 'node' };

/** Node's own HTTP, server or client. */
export const nodeHttp: Subject = { name: 'node:http', suffix: 'node', runtime: 'node' };

export const bun: Subject = { name: 'Bun', suffix: 'bun', runtime: 'bun' };
