/** The few names of Bun's server that are used here, so that no package of its types is needed. */
export interface BunSocket<Data> {
  readonly data: Data;
  send(data: string | Uint8Array, compress?: boolean): number;
}

type BunEngine = 'shared' | 'dedicated';

interface BunServer<Data> {
  readonly port: number;
  upgrade(request: Request, options: { data: Data }): boolean;
}

export interface BunServeOptions<Data> {
  port: number;
  hostname: string;
  tls?: { readonly cert: string; readonly key: string } | undefined;
  fetch(request: Request, server: BunServer<Data>): Response | Promise<Response> | undefined;
  websocket?: {
    maxPayloadLength?: number;
    backpressureLimit?: number;
    perMessageDeflate?: boolean | { readonly compress: BunEngine; readonly decompress: BunEngine };
    idleTimeout?: number;
    open?(socket: BunSocket<Data>): void;
    message(socket: BunSocket<Data>, message: string | Uint8Array): void;
    drain?(socket: BunSocket<Data>): void;
  };
}

interface BunRuntime {
  file(path: string): Blob;
  serve<Data>(options: BunServeOptions<Data>): BunServer<Data>;
}

export const bun: BunRuntime = (globalThis as unknown as { readonly Bun: BunRuntime }).Bun;
