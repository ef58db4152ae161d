import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { tables } from '../../../src/cli/program.ts';
import { ExitCode } from '../../../src/cli/terminal/exit-codes.ts';
import { startCli } from '../support/fake-environment.ts';

async function output(...argv: string[]): Promise<string> {
  const cli = startCli(argv);
  expect(await cli.done).toBe(ExitCode.Done);
  expect(cli.stderr.text).toBe('');
  return cli.stdout.text;
}

/** Options that the help shows. */
const shown = tables.flatMap(({ name, options }) =>
  Object.values(options)
    .filter(({ isHidden }) => isHidden !== true)
    .map(({ long }) => [name, long] as const),
);

describe('ws completion', () => {
  it.each([
    ['ws send --wa', '--wait'],
    ['ws transf', 'transfer'],
    ['ws help proxy', 'proxy_server'],
    ['ws completion f', 'fish'],
    ['ws echo-server --http', '--http_authorization_header'],
    ['ws send --proxy ', ''],
    ['ws gzip /etc/host', '/etc/host'],
    ['ws receive --to /et', '/etc'],
    ['ws echo_server --logfile /etc/passw', '/etc/passwd'],
  ])('completes %j in bash', async (line, expected) => {
    const script = await output('completion', 'bash');
    const words = line.split(' ').map((word) => `'${word}'`);
    const program = `${script}\nCOMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _ws; printf '%s\\n' "\${COMPREPLY[@]}"`;
    expect(execFileSync('bash', ['-c', program]).toString()).toContain(expected);
  });

  it.each(['bash', 'zsh', 'fish'])('knows every option that the help shows, in %s', async (shell) => {
    const script = await output('completion', shell);
    for (const [, long] of shown) expect(script).toContain(shell === 'fish' ? `-l ${long}` : `--${long}`);
    for (const { name } of tables) expect(script).toContain(name);
    expect(script).not.toContain('--start');
  });

  it('is used wrongly for other shells', async () => {
    const cli = startCli(['completion', 'csh']);
    expect(await cli.done).toBe(ExitCode.WrongUsage);
    expect(cli.stderr.text).toMatch(/^ws: completion: shell must be one of bash, zsh, fish, not 'csh'\n/);
  });
});

describe('ws man', () => {
  it('is a manual page of all commands and their options', async () => {
    const page = await output('man');
    expect(page).toMatch(/^\.TH WS 1 /);
    for (const { name } of tables) expect(page).toContain(`.SS ws ${name}`);
    for (const [, long] of shown) expect(page).toContain(`\\-\\-${long.replaceAll('-', '\\-')}`);
    for (const line of page.split('\n')) expect(line).toMatch(/^(?!')(\.(TH|SH|SS|TP|PP|B|I|RI|br)\b.*|[^.].*|)$/);
  });
});
