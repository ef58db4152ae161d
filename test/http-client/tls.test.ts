import { describe, expect, test } from 'vitest';
import { createHttpClient, type Mirrored, startMirror } from '../support/http-server.ts';
import { identity, trusting } from '../support/secure.ts';

describe('https', () => {
  test('works with an authority that is trusted, and connections are used again', async () => {
    const judge = await startMirror({ isSecure: true });
    const client = createHttpClient({ tlsOptions: trusting });
    const large = 'x'.repeat(2_000_000);
    expect((await client.post(judge.url, large)).json<Mirrored>().body).toBe(large);
    expect(await client.get(judge.url)).toMatchObject({ errorCode: 'Ok', statusCode: 200 });
    expect(judge.connections.count).toBe(1);
  });

  test.each([
    ['an authority that nobody knows', {}, /certificate verify failed/],
    ['a name that is not in it', { ...trusting, serverName: 'other.test' }, /certificate verify failed.*other\.test/s],
  ])('is refused for %s', async (_name, tlsOptions, message) => {
    const judge = await startMirror({ isSecure: true });
    const out = await createHttpClient({ tlsOptions }).get(judge.url);
    expect(out).toMatchObject({ errorCode: 'CannotConnect', statusCode: 0 });
    expect(out.errorMsg).toMatch(message);
    expect(judge.requests).toHaveLength(0);
  });

  test('takes any certificate when told to', async () => {
    const judge = await startMirror({ isSecure: true });
    const client = createHttpClient();
    client.setTLSOptions({ caFile: 'NONE' });
    expect(await client.get(judge.url)).toMatchObject({ errorCode: 'Ok' });
  });

  test('shows our certificate, and tells when the server wants one', async () => {
    const judge = await startMirror({ isSecure: true, tls: { requestCert: true, ca: trusting.caFile } });
    const none = await createHttpClient({ tlsOptions: trusting }).get(judge.url);
    expect(none.errorCode).toBe('CannotConnect');
    expect(none.errorMsg).toMatch(/OpenSSL failed/);
    const { certFile, keyFile } = identity;
    const client = createHttpClient({ tlsOptions: { ...trusting, certFile, keyFile } });
    expect(await client.get(judge.url)).toMatchObject({ errorCode: 'Ok' });
  });

  test('fails where nobody speaks TLS', async () => {
    const judge = await startMirror();
    const out = await createHttpClient().get(judge.url.replace('http:', 'https:'));
    expect(out).toMatchObject({ errorCode: 'CannotConnect' });
    expect(out.errorMsg).toContain('http:// and not https://');
  });
});
