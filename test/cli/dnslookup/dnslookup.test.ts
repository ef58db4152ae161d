import { describe, expect, it } from 'vitest';
import { createDnsLookup, dnsLookup, type Resolver } from '../../../src/cli/dnslookup/command.ts';
import { ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { fakeEnvironment, startCli } from '../support/fake-environment.ts';

const values = { host: 'h.example', isIPv4: false, isIPv6: false, timeoutSecs: 1, isQuiet: false, isJson: false };
const both = [
  { address: '192.0.2.1', family: 4 },
  { address: '2001:db8::1', family: 6 },
  { address: '192.0.2.1', family: 4 },
];

async function lookUp(
  resolve: Resolver,
  changes: Partial<typeof values> = {},
): Promise<{ code: ExitCode; out: string }> {
  const command = createDnsLookup(resolve);
  const { environment, stdout } = fakeEnvironment();
  const code = await command.execute(command.plan({ ...values, ...changes }), environment);
  return { code, out: stdout.text };
}

describe('ws dnslookup', () => {
  it('shows every address once, and how long it took', async () => {
    const { code, out } = await lookUp(() => Promise.resolve(both));
    expect(code).toBe(ExitCode.Done);
    expect(out).toMatch(
      /^host: h\.example ip: 192\.0\.2\.1\nhost: h\.example ip: 2001:db8::1\n2 addresses in [\d.]+ ms\n$/,
    );
  });

  it('shows addresses only with -q, and objects with --json', async () => {
    expect((await lookUp(() => Promise.resolve(both), { isQuiet: true })).out).toBe('192.0.2.1\n2001:db8::1\n');
    const { out } = await lookUp(() => Promise.resolve(both), { isJson: true });
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { host: 'h.example', ip: '192.0.2.1', family: 4 },
      { host: 'h.example', ip: '2001:db8::1', family: 6 },
    ]);
  });

  it.each([
    [{ isIPv4: true }, 4],
    [{ isIPv6: true }, 6],
    [{}, 0],
  ])('asks for what %j means', async (changes, family) => {
    let asked: unknown;
    await lookUp((_host, options) => {
      asked = options;
      return Promise.resolve([]);
    }, changes);
    expect(asked).toEqual({ family, all: true });
  });

  it.each([
    ['ENOTFOUND', 'h.example: no such host, or it has no such address'],
    ['EAI_AGAIN', 'h.example: no answer from a name server'],
    ['EOTHER', 'h.example: what else'],
  ])('fails for %s', async (code, message) => {
    const failing = lookUp(() => Promise.reject(Object.assign(new Error('what else'), { code })));
    await expect(failing).rejects.toThrow(message);
  });

  it('gives up after a while', async () => {
    await expect(lookUp(() => new Promise(() => undefined), { timeoutSecs: 0.01 })).rejects.toThrow(
      'no answer in 0.01 s',
    );
  });

  it('asks the system', async () => {
    const cli = startCli(['dnslookup', '-q', '127.0.0.1']);
    expect(await cli.done).toBe(ExitCode.Done);
    expect(cli.stdout.text).toBe('127.0.0.1\n');
    expect(() => dnsLookup.plan({ ...values, isIPv4: true, isIPv6: true })).toThrow('give either -4 or -6');
  });

  it.each(['', 'a b', 'http://a/'])('is used wrongly with %j', async (host) => {
    expect(await startCli(['dnslookup', host]).done).toBe(ExitCode.WrongUsage);
  });
});
