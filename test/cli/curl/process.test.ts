import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startJudge } from '../../support/http-server.ts';
import { Capture } from '../support/fake-environment.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

/** The built command: `npm test` builds first. */
const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

interface Running {
  readonly stdout: Capture;
  readonly stderr: Capture;
  readonly done: Promise<number | string | null>;
  kill(signal: NodeJS.Signals): void;
}

function ws(argv: readonly string[], input = ''): Running {
  const child = spawn(process.execPath, [main, ...argv], { stdio: 'pipe' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [stdout, stderr] = [new Capture(), new Capture()];
  child.stdout.pipe(stdout);
  child.stderr.pipe(stderr);
  child.stdin.end(input);
  const done = new Promise<number | string | null>((resolve) => {
    child.on('close', (code, signal) => resolve(code ?? signal));
  });
  return { stdout, stderr, done, kill: (signal) => void child.kill(signal) };
}

describe('the processes ws httpd and ws curl', () => {
  it('bring a file over, and end', async () => {
    const folder = new TemporaryFolder();
    folder.write('a.txt', 'content');
    const server = ws(['httpd', '--port', '0', folder.path]);
    const url = await server.stdout.match(/Listening on (\S+)\n/);
    const client = ws(['curl', '-w', ' %{http_code}', `${url}a.txt`]);
    expect(await client.done).toBe(0);
    expect(client.stdout.text).toBe('content 200');
    expect(client.stderr.text).toBe('');
    server.kill('SIGTERM');
    expect(await server.done).toBe(0);
    expect(server.stdout.text).toMatch(/"GET \/a\.txt HTTP\/1\.1" 200 7 /);
  });

  it('wait until a server that is busy answers', async () => {
    let count = 0;
    const server = await startJudge((_request, response) => void response.writeHead(++count < 2 ? 503 : 200).end('x'));
    const client = ws(['curl', '--retry', '1', '--retry-delay', '0.5', '-w', '%{http_code}', server.url]);
    expect(await client.done).toBe(0);
    expect(client.stdout.text).toBe('x200');
  });

  it('send what is piped, and end with the code of the failure', async () => {
    const server = await startJudge((_request, response, body) => void response.writeHead(500).end(body));
    const client = ws(['curl', '-sS', '--fail-with-body', '-d', '@-', server.url], 'from\na pipe');
    expect(await client.done).toBe(22);
    expect(client.stdout.text).toBe('froma pipe');
    expect(client.stderr.text).toBe('ws: curl: (22) The requested URL returned error: 500\n');
  });

  it('end by Ctrl-C', async () => {
    const server = await startJudge((_request, response) => void response.write('begun'));
    const client = ws(['curl', server.url]);
    await client.stdout.match(/begun/);
    client.kill('SIGINT');
    expect(await client.done).toBe(130);
  });
});
