import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { run, tables } from '../../../src/cli/program.ts';
import { ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { describeVersion } from '../../../src/cli/terminal/version.ts';
import { userAgent } from '../../../src/index.ts';
import { fakeEnvironment, startCli } from '../support/fake-environment.ts';

async function runToEnd(...argv: string[]): Promise<{ code: ExitCode; out: string; err: string }> {
  const { environment, stdout, stderr } = fakeEnvironment();
  const code = await run(argv, environment);
  return { code, out: stdout.text, err: stderr.text };
}

describe('ws', () => {
  it('says its version and is done', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
    expect(await runToEnd('--version')).toEqual({
      code: ExitCode.Done,
      out: `ws ixwebsocket/${version} plan9 ssl/OpenSSL 3.2.1 zlib 1.3\n`,
      err: '',
    });
  });

  it('calls itself what the library calls itself, and adds what it runs on', () => {
    const { platform, versions } = process;
    expect(describeVersion({ ...fakeEnvironment().environment, platform, versions })).toMatch(
      new RegExp(`^${userAgent} ${platform} ssl/OpenSSL \\S+ zlib \\S+$`),
    );
  });

  it('shows every command in its help', async () => {
    const { code, out, err } = await runToEnd('--help');
    expect({ code, err }).toEqual({ code: ExitCode.Done, err: '' });
    for (const { name } of tables) expect(out).toContain(`  ${name} `);
    expect((await runToEnd('help')).out).toBe(out);
    expect((await runToEnd('-h')).out).toBe(out);
  });

  it('shows its help on stderr when there is no command', async () => {
    const { code, out, err } = await runToEnd();
    expect({ code, out }).toEqual({ code: ExitCode.WrongUsage, out: '' });
    expect(err).toBe((await runToEnd('--help')).out);
  });
});

describe.each(tables.map((table) => [table.name, table] as const))('the help of %s', (name, table) => {
  it('begins with three examples and has every option that is not hidden', async () => {
    const { code, out, err } = await runToEnd('help', name);
    expect({ code, err }).toEqual({ code: ExitCode.Done, err: '' });
    expect(out).toMatch(/^Examples:\n {2}ws |^Examples:\n {2}echo /);
    expect(table.examples).toHaveLength(3);
    for (const option of Object.values(table.options)) {
      if (option.isHidden === true) expect(out).not.toContain(`--${option.long}`);
      else expect(out).toContain(`--${option.long}`);
    }
  });

  it('is the same however it is asked for', async () => {
    const { out } = await runToEnd('help', name);
    expect((await runToEnd(name, '--help')).out).toBe(out);
    expect((await runToEnd(name.replaceAll('_', '-'), '-h')).out).toBe(out);
    expect((await runToEnd('help', name.replaceAll('_', '-'))).out).toBe(out);
  });
});

describe('help in a narrow terminal', () => {
  it.each(tables.map(({ name }) => name))('fits: %s', async (name) => {
    const cli = startCli(['help', name], { columns: 40 });
    expect(await cli.done).toBe(ExitCode.Done);
    const options = cli.stdout.text.slice(cli.stdout.text.indexOf('\nOptions:'));
    expect(options).toContain('\n  --logfile <FILE>\n      write log lines to this file\n');
    for (const line of options.split('\n')) expect(line.length, line).toBeLessThanOrEqual(48);
    const words = (text: string): string[] => text.split(/\s+/).toSorted();
    expect(words(cli.stdout.text)).toEqual(words((await runToEnd('help', name)).out));
  });
});

describe('wrong usage', () => {
  it.each<[line: string, error: string, hint: string]>([
    ['nope', "wrong usage: unknown command 'nope'", "Try 'ws help'."],
    ['help nope', "wrong usage: unknown command 'nope'", "Try 'ws help'."],
    ['help conect', "wrong usage: unknown command 'conect'", 'Did you mean connect?'],
    ['echo_servr', "wrong usage: unknown command 'echo_servr'", 'Did you mean echo_server?'],
    ['echo_server --prt 1', "echo_server: unknown option '--prt'", 'Did you mean --port?'],
    ['echo_server --port', "echo_server: option '--port <PORT>' argument missing", "Try 'ws help echo_server'."],
    [
      'echo-server --port x',
      "echo_server: --port must be a whole number from 0 to 65535, not 'x'",
      "Try 'ws help echo_server'.",
    ],
    ['connect', "connect: missing required argument 'url'", "Try 'ws help connect'."],
    [
      'autoroute a b',
      "autoroute: too many arguments for 'autoroute'. Expected 1 argument but got 2.",
      "Try 'ws help autoroute'.",
    ],
    ['connect --header x url', "connect: --header must look like 'Name: value'", "Try 'ws help connect'."],
    ['connect nowhere', 'connect: Could not parse url', "Try 'ws help connect'."],
    ['connect -H Upgrade:x ws://h', 'connect: extraHeaders: ', "Try 'ws help connect'."],
    ['autoroute nowhere', 'autoroute: Could not parse url', "Try 'ws help autoroute'."],
    ['autobahn --url nowhere', 'autobahn: Could not parse url', "Try 'ws help autobahn'."],
    [
      'echo_server -6 --host 127.0.0.1',
      'echo_server: --host 127.0.0.1 is no IPv6 address, as -6 asks',
      "Try 'ws help echo_server'.",
    ],
  ])('ws %s', async (line, error, hint) => {
    const { code, out, err } = await runToEnd(...line.split(' '));
    const [first, second] = err.split('\n');
    expect({ code, second }).toEqual({ code: ExitCode.WrongUsage, second: `    ${hint}` });
    expect(first).toContain(`ws: ${error}`);
    expect(out.replace(/^Connecting to .*\n/, '')).toBe('');
  });
});
