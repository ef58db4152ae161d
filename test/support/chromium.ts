import { execFileSync, spawn } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

const QUIET = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

function findChromium(): string {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8' }).trim();
    } catch {
      // The next name.
    }
  }
  throw new Error('this test needs Chromium: apt-get install chromium');
}

export interface PageOptions {
  /** A certificate that the browser is to accept, whoever has signed it. */
  readonly certFile?: string | undefined;
}

/**
 * Runs a script in a page of headless Chromium: the body of an async function, which gets `input`. Returns what it
 * returns.
 */
export async function runInChromium(script: string, input: unknown, options: PageOptions = {}): Promise<unknown> {
  let report: (findings: unknown) => void = () => undefined;
  const reported = new Promise<unknown>((resolve) => (report = resolve));
  const page = createServer((request, response) => {
    if (request.method === 'POST') {
      void json(request).then(report);
      response.end();
      return;
    }
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(`<!doctype html><body>not yet<script>
      const input = ${JSON.stringify(input)};
      const work = async () => {${script}};
      work().catch((error) => ({ error: String(error) })).then((findings) => {
        fetch('/findings', { method: 'POST', body: JSON.stringify(findings) });
      });
    </script>`);
  });
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    page.close();
    page.closeAllConnections();
  });
  const { port } = page.address() as AddressInfo;
  const profile = await mkdtemp(join(tmpdir(), 'ixwebsocket-chromium-'));
  onTestFinished(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }));

  const { certFile } = options;
  const trusted = certFile === undefined ? [] : [`--ignore-certificate-errors-spki-list=${fingerprintOf(certFile)}`];
  const flags = [...QUIET, ...trusted, `--user-data-dir=${profile}`, `http://127.0.0.1:${port}/`];
  const browser = spawn(findChromium(), flags, { stdio: 'ignore' });
  const exited = once(browser, 'exit').then(() => 'the browser has exited');
  onTestFinished(async () => {
    browser.kill();
    await exited;
  });
  return Promise.race([reported, exited]);
}

/** The hash of the public key (RFC 7469 section 2.4). */
function fingerprintOf(certFile: string): string {
  const key = new X509Certificate(certFile).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('base64');
}
