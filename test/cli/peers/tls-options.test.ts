import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { Authority } from '../../support/certificates.ts';
import { connectRaw } from '../../support/raw-peer.ts';
import { startCli, startServer, stopAll } from '../support/fake-environment.ts';
import { Peer } from '../support/peers.ts';

const authority = new Authority('tests');
const directory = mkdtempSync(join(tmpdir(), 'ixwebsocket-cli-tls-'));

/** Writes PEM text into a file, and gives its path. */
function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const caFile = file('ca.pem', authority.certificate);
const server = authority.issue();
const [certFile, keyFile] = [file('server.pem', server.certFile), file('server-key.pem', server.keyFile)];
const client = authority.issue({ names: [] });
const clientArgs = [
  '--cert-file',
  file('client.pem', client.certFile),
  '--key-file',
  file('client-key.pem', client.keyFile),
];
const serverArgs = ['--tls', '--cert-file', certFile, '--key-file', keyFile];

afterEach(stopAll);
afterAll(() => rmSync(directory, { recursive: true }));

describe('ws with TLS', () => {
  it('serves and connects, with dashes and underscores', async () => {
    const echo = await startServer(['echo_server', '-q', '--tls', `--cert_file=${certFile}`, '--key_file', keyFile]);
    expect(echo.url).toMatch(/^wss:\/\/127\.0\.0\.1:\d+\/$/);
    for (const trust of [
      ['--ca_file', caFile],
      [`--ca-file=${caFile}`],
      ['-k'],
      ['--verify-none'],
      ['--verify_none'],
    ]) {
      const cli = startCli(['connect', '--count', '1', ...trust, echo.url], { input: 'hello\n' });
      expect(await cli.done).toBe(ExitCode.Done);
      expect(cli.stdout.text).toBe('hello\n');
    }
  });

  it('asks for client certificates with --ca-file on a server, and presents them', async () => {
    const echo = await startServer(['echo_server', '-q', ...serverArgs, '--ca-file', caFile]);
    // Scripts for IXWebSocket give --tls to clients, too.
    const args = ['connect', '-d', '--count', '1', '--tls', '--ca-file', caFile, echo.url];
    const friend = startCli([...args, ...clientArgs], { input: 'hello\n' });
    expect(await friend.done).toBe(ExitCode.Done);
    expect(friend.stdout.text).toBe('hello\n');
    const stranger = startCli(args, { input: 'hello\n' });
    expect(await stranger.done).not.toBe(ExitCode.Done);
    expect(stranger.stdout.text).toBe('');
    await echo.stderr.match(/\[error\] tls accept failed for client 127\.0\.0\.1:\d+: /);
  });

  it('opens encrypted keys on both sides', async () => {
    const locked = authority.issue({ passphrase: 'open sesame' });
    const [cert, key] = [file('locked.pem', locked.certFile), file('locked-key.pem', locked.keyFile)];
    const identity = ['--cert-file', cert, '--key-file', key];
    const passphrase = ['--key-passphrase', `@${file('passphrase', 'open sesame\n')}`];
    const echo = await startServer(['echo_server', '-q', '--tls', ...identity, ...passphrase, '--ca-file', caFile]);
    const args = ['connect', '-d', '-x', 'hello', '-n', '1', '--ca-file', caFile, ...identity];
    const variables = { SESAME: 'open sesame' };
    const opened = startCli([...args, '--key_passphrase', '@env:SESAME', echo.url], { variables });
    expect(await opened.done).toBe(ExitCode.Done);
    expect(opened.stdout.text).toBe('hello\n');
    const listening = startCli(['connect', '--listen', '0', '--tls', ...identity, ...passphrase]);
    await listening.stderr.match(/Listening on wss:/);
    const closed = startCli([...args, '--key-passphrase', 'wrong', echo.url]);
    expect(await closed.done).toBe(ExitCode.Failed);
    expect(closed.stderr.text).toContain('Give the passphrase with --key-passphrase @FILE or @env:NAME.');
    const keyless = startCli(['echo_server', '--port', '0', ...passphrase]);
    expect(await keyless.done).toBe(ExitCode.WrongUsage);
    expect(keyless.stderr.text).toMatch(/^ws: echo_server: --key-passphrase is for the key of --key-file\n/);
  });

  it('measures', async () => {
    const push = await startServer(['push_server', '-q', ...serverArgs]);
    const cli = startCli(['autoroute', '--msg_count', '20000', '--ca-file', caFile, push.url]);
    expect(await cli.done).toBe(ExitCode.Done);
    expect(cli.stdout.text).toMatch(/AUTOROUTE IXWebSocket :: \d+ ms/);
  });

  it('refuses what it cannot trust, and says what to do', async () => {
    const echo = await startServer(['echo_server', '-q', ...serverArgs, '--ciphers', 'DEFAULT']);
    const args = ['autoroute', '--msg_count', '1'];
    const untrusted = startCli([...args, echo.url]);
    expect(await untrusted.done).toBe(ExitCode.Failed);
    expect(untrusted.stderr.text).toContain('Name who signed it with --ca-file');
    const elsewhere = authority.issue({ names: ['example.com'] });
    const otherArgs = [
      '--tls',
      '--cert-file',
      file('o.pem', elsewhere.certFile),
      '--key-file',
      file('o-key.pem', elsewhere.keyFile),
    ];
    const named = await startServer(['push_server', '-q', ...otherArgs]);
    const other = startCli([...args, '--ca-file', caFile, named.url]);
    expect(await other.done).toBe(ExitCode.Failed);
    expect(other.stderr.text).toContain('--disable-hostname-validation');
    const lenient = startCli([...args, '--ca-file', caFile, '--disable_hostname_validation', named.url]);
    expect(await lenient.done).toBe(ExitCode.Done);
    const cli = startCli([...args, '--ca-file', '/no/ca', echo.url]);
    expect(await cli.done).toBe(ExitCode.Failed);
    expect(cli.stderr.text).toContain('caFile not found: /no/ca');
  });

  it('does not serve plain text with a certificate', async () => {
    const cli = startCli(['echo_server', '--port', '0', '--cert-file', certFile, '--key-file', keyFile]);
    expect(await cli.done).toBe(ExitCode.Failed);
    expect(cli.stderr.text).toContain('a server with a certificate or authorities needs tls: true');
    expect(cli.stderr.text).toContain('Add --tls.');
    const half = startCli(['echo_server', '--port', '0', '--tls', '--cert-file', certFile]);
    expect(await half.done).toBe(ExitCode.Failed);
    expect(half.stderr.text).toContain('Give both --cert-file and --key-file.');
  });

  it('lives on when somebody speaks plain text to it', async () => {
    const echo = await startServer(['echo_server', ...serverArgs]);
    const port = Number(/:(\d+)\//.exec(echo.url)?.[1]);
    await connectRaw(port, { send: 'GET / HTTP/1.1\r\n\r\n' });
    await echo.stderr.match(/\[error\] tls accept failed for client 127\.0\.0\.1:\d+: http request/);
    const peer = await new Peer(echo.url, { ca: authority.certificate }).opened();
    peer.socket.send('still there');
    expect(await peer.texts(1)).toEqual(['still there']);
    peer.socket.close();
    await peer.closed;
  });

  it('shows the options in its help, but --tls for servers only', async () => {
    const helpOf = async (command: string): Promise<string> => {
      const cli = startCli(['help', command]);
      expect(await cli.done).toBe(ExitCode.Done);
      return cli.stdout.text;
    };
    for (const command of ['echo_server', 'push_server', 'connect', 'autoroute']) {
      const help = await helpOf(command);
      for (const option of ['--cert-file', '--key-file', '--ca-file', '--ciphers', '-k, --verify_none']) {
        expect(help).toContain(option);
      }
      expect(help.includes('--tls ')).toBe(command.endsWith('_server'));
    }
  });
});
