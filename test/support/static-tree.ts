import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HttpResponse } from '../../src/http/http-response.ts';
import type { StaticRequest } from '../../src/http-server/static/file-response.ts';
import { HttpHeaders, type HttpHeadersInit } from '../../src/protocol/http1/headers.ts';

/** Contents that no response may ever hold. */
export const SECRET = 'the secret outside of the root';
export const HIDDEN = 'the hidden file in the root';

/** A directory `root` with files to serve, beside others that must not be. */
export class StaticTree {
  readonly base: string = mkdtempSync(join(tmpdir(), 'ixwebsocket-static-'));
  readonly root: string = join(this.base, 'root');
  readonly outside: string = join(this.base, 'outside');

  constructor() {
    mkdirSync(this.root);
    mkdirSync(this.outside);
    writeFileSync(join(this.outside, 'secret.txt'), SECRET);
    writeFileSync(join(this.base, 'secret.txt'), SECRET);
    // A neighbour whose name begins like that of the root.
    mkdirSync(`${this.root}-private`);
    writeFileSync(`${this.root}-private/secret.txt`, SECRET);
  }

  /** Writes a file below the root, its directories included; returns its path. */
  write(path: string, content: string | Uint8Array): string {
    const full = join(this.root, path);
    mkdirSync(join(full, '..'), { recursive: true });
    writeFileSync(full, content);
    return full;
  }

  link(target: string, path: string): void {
    symlinkSync(target, join(this.root, path));
  }

  pipe(path: string): void {
    execFileSync('mkfifo', [join(this.root, path)]);
  }

  remove(): void {
    chmodSync(this.root, 0o755);
    rmSync(this.base, { recursive: true });
  }

  /** Files of this tree that the process has open, on Linux. */
  openFiles(): string[] {
    const fds = '/proc/self/fd';
    const open: string[] = [];
    for (const fd of readdirSync(fds)) {
      try {
        const path = readlinkSync(join(fds, fd));
        if (path.startsWith(this.base)) open.push(path);
      } catch {
        // The one that lists the others is gone by now.
      }
    }
    return open;
  }
}

export function staticRequest(uri: string, headers: HttpHeadersInit = {}, method = 'GET'): StaticRequest {
  return { method, uri, headers: HttpHeaders.from(headers) };
}

export async function readBody(response: HttpResponse): Promise<Buffer> {
  const { body } = response;
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body as string);
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
