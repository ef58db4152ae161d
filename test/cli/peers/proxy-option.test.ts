import { afterEach, describe, expect, it } from 'vitest';
import { ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { startHttpProxy, startSocksProxy } from '../../support/proxies.ts';
import { startCli, startServer, stopAll } from '../support/fake-environment.ts';

afterEach(stopAll);

describe('--proxy', () => {
  it('takes ws connect through an HTTP proxy', async () => {
    const server = await startServer(['echo_server', '-q']);
    const proxy = await startHttpProxy({ wants: 'user:hunter2' });
    const url = `http://user:hunter2@127.0.0.1:${proxy.port}`;
    const cli = startCli(['connect', '--wait', '0.5', '--proxy', url, server.url], { input: 'hello\n' });
    expect(await cli.done).toBe(ExitCode.Done);
    expect(cli.stdout.text).toBe('hello\n');
    expect(proxy.targets).toHaveLength(1);
  });

  it('takes ws autoroute through a SOCKS proxy', async () => {
    const server = await startServer(['push_server', '-q']);
    const proxy = await startSocksProxy();
    const cli = startCli(['autoroute', '--msg_count', '10', '--proxy', `socks5://127.0.0.1:${proxy.port}`, server.url]);
    expect(await cli.done).toBe(ExitCode.Done);
    expect(proxy.targets).toHaveLength(1);
  });

  it('that refuses is explained, without the credentials', async () => {
    const proxy = await startHttpProxy({ wants: 'user:right' });
    const url = `http://user:hunter2@127.0.0.1:${proxy.port}`;
    const cli = startCli(['connect', '--proxy', url, 'ws://server.behind.test/'], { input: 'hello\n' });
    expect(await cli.done).toBe(ExitCode.Failed);
    expect(cli.stderr.text).toContain('it answered 407 Proxy Authentication Required');
    expect(cli.stderr.text).toContain('asks for a user name and a password');
    expect(cli.stderr.text).not.toContain('hunter2');
  });

  it('that is no URL is wrong usage, and not quoted', async () => {
    const cli = startCli(['connect', '--proxy', 'ftp://hunter2', 'ws://127.0.0.1:1/'], { input: '' });
    expect(await cli.done).toBe(ExitCode.WrongUsage);
    expect(cli.stderr.text).toContain('must be the URL of a proxy');
    expect(cli.stderr.text).not.toContain('hunter2');
  });
});
