import type { Deflate } from './rows.ts';

/** What the load generator is asked to do; it runs in a process of its own. */
export type LoadJob =
  | {
      readonly kind: 'echo';
      readonly port: number;
      readonly connections: number;
      readonly inFlight: number;
      readonly size: number;
      readonly binary: boolean;
      readonly deflate?: Deflate | undefined;
      /** The certificate to trust, of a server that speaks TLS. */
      readonly trusted?: string | undefined;
      readonly warmMs: number;
      readonly measureMs: number;
    }
  | {
      readonly kind: 'connect';
      readonly port: number;
      readonly concurrency: number;
      readonly warmCount: number;
      readonly count: number;
      readonly leave: 'fin' | 'closeFrame';
    }
  | {
      readonly kind: 'idle';
      readonly port: number;
      readonly warmCount: number;
      readonly count: number;
      readonly exchanges: boolean;
      readonly deflate?: Deflate | undefined;
    }
  | {
      readonly kind: 'broadcast';
      readonly port: number;
      readonly connections: number;
      readonly perTurn: number;
      readonly deflate?: Deflate | undefined;
      readonly warmMs: number;
      readonly measureMs: number;
    }
  | {
      readonly kind: 'http';
      readonly port: number;
      readonly connections: number;
      readonly inFlight: number;
      readonly path: string;
      /** Bytes of the response's body. */
      readonly bodyBytes: number;
      /** Bytes to post; without them it is a GET. */
      readonly postBytes?: number | undefined;
      readonly warmMs: number;
      readonly measureMs: number;
    }
  | { readonly kind: 'drain'; readonly port: number; readonly size: number; readonly count: number }
  | { readonly kind: 'stream'; readonly size: number }
  /** An HTTP server that answers every request with as many bytes. */
  | { readonly kind: 'answer'; readonly size: number };

/** From the runner to any process it started. */
export type Command =
  | { readonly kind: 'askUsage' }
  | { readonly kind: 'askMemory' }
  | { readonly kind: 'exit' }
  | { readonly kind: 'load'; readonly job: LoadJob }
  | { readonly kind: 'go' }
  /** After the measured part: compare replies with what was sent once more. */
  | { readonly kind: 'verify' };

/** From a started process to the runner. */
export type Report =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'usage'; readonly cpuMicros: number }
  | { readonly kind: 'memory'; readonly rssBytes: number }
  /** Ready for the measured part; the generator waits for `go`. */
  | { readonly kind: 'warm' }
  | { readonly kind: 'verified' }
  | { readonly kind: 'done'; readonly count: number; readonly ms: number; readonly cpuMicros: number }
  /** CPU time of the whole life of a process, sent while it exits. */
  | { readonly kind: 'final'; readonly cpuMicros: number };
