import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { forgetSystemAuthorities, systemAuthorities } from '../../src/transport/tls/system-authorities.ts';
import { attempt, authority, failureOf, startSecureServer } from '../support/secure.ts';

beforeEach(forgetSystemAuthorities);
afterEach(() => {
  vi.unstubAllEnvs();
  forgetSystemAuthorities();
});

/** Asks this Node for the system's store as one before 22.15 would, or as a later one that finds `found`. */
function stubNode(found: readonly string[] | undefined): void {
  const reader = found === undefined ? undefined : () => found;
  const before = Object.getOwnPropertyDescriptor(tls, 'getCACertificates');
  Object.defineProperty(tls, 'getCACertificates', { value: reader, configurable: true });
  onTestFinished(() => {
    if (before === undefined) Reflect.deleteProperty(tls, 'getCACertificates');
    else Object.defineProperty(tls, 'getCACertificates', before);
  });
}

function writeBundle(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ixwebsocket-authorities-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'bundle.pem');
  writeFileSync(path, authority.certificate);
  return path;
}

describe('the authorities of the system', () => {
  it('are those that Node finds, where it can', () => {
    stubNode(['one', 'two']);
    vi.stubEnv('SSL_CERT_FILE', '/no/bundle');
    expect(systemAuthorities()).toBe('one\ntwo');
  });

  it('are in the file that SSL_CERT_FILE names, where Node finds none', async () => {
    stubNode([]);
    vi.stubEnv('SSL_CERT_FILE', writeBundle());
    expect(systemAuthorities()).toBe(authority.certificate);
    const { url } = await startSecureServer();
    expect((await attempt(url, {})).errorInfo).toBeUndefined();
    expect((await attempt(url, { caFile: 'SYSTEM' })).errorInfo).toBeUndefined();
  });

  it('are not replaced by others when that file is not there', async () => {
    stubNode(undefined);
    vi.stubEnv('SSL_CERT_FILE', '/no/bundle');
    const info = await failureOf('wss://localhost:9/', {});
    expect(info.code).toBe('tlsOptionsCaFile');
    expect(info.reason).toBe('SSL_CERT_FILE: caFile not found: /no/bundle');
  });

  it('are in a bundle of the system, or else those of Node', () => {
    stubNode(undefined);
    vi.stubEnv('SSL_CERT_FILE', '');
    const found = systemAuthorities();
    if (found !== undefined) expect(found).toContain('-----BEGIN CERTIFICATE-----');
  });

  it('are read once', () => {
    stubNode(['one']);
    systemAuthorities();
    stubNode(['two']);
    expect(systemAuthorities()).toBe('one');
  });
});
