import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createHttpClient, type Mirrored, startJudge, startMirror } from '../support/http-server.ts';
import { hasIpv6Loopback } from '../support/ipv6.ts';

function makePath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ix-unix-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'socket');
}

test('a unix socket is named by the URL, or by an option', async () => {
  const socketPath = makePath();
  const judge = await startMirror({ socketPath });
  const client = createHttpClient({ proxy: 'http://127.0.0.1:1' });
  const byUrl = (await client.get(`http+unix:${socketPath}:/a?b`)).json<Mirrored>();
  expect(byUrl).toMatchObject({ url: '/a?b', headers: { host: 'localhost' } });
  const byOption = (await client.get('http://docker/a?b', { socketPath })).json<Mirrored>();
  expect(byOption).toMatchObject({ url: '/a?b', headers: { host: 'docker' } });
  expect(judge.connections.count).toBe(1);
});

test('a redirect stays on it, and does not lead to the network', async () => {
  const socketPath = makePath();
  await startJudge(
    (request, answer) => {
      if (request.url === '/out') answer.writeHead(302, { Location: 'http://127.0.0.1:1/' });
      else if (request.url === '/in') answer.writeHead(302, { Location: '/there' });
      answer.end(request.url);
    },
    { socketPath },
  );
  const client = createHttpClient();
  expect((await client.get(`http+unix:${socketPath}:/in`)).text()).toBe('/there');
  expect(await client.get(`http+unix:${socketPath}:/out`)).toMatchObject({ errorCode: 'Invalid', statusCode: 302 });
});

test('a socket that is not there', async () => {
  expect(await createHttpClient().get(`http+unix:${makePath()}:/`)).toMatchObject({ errorCode: 'CannotConnect' });
});

test.skipIf(!hasIpv6Loopback)('an IPv6 address stands in brackets', async () => {
  const judge = await startMirror();
  judge.server.close();
  await new Promise<void>((resolve) => judge.server.listen(judge.port, '::1', resolve));
  const out = await createHttpClient().get(`http://[::1]:${judge.port}/`);
  expect(out.json<Mirrored>().headers['host']).toBe(`[::1]:${judge.port}`);
});
