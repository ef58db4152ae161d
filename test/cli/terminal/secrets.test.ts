import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readHeader, readSecret } from '../../../src/cli/line/value-readers.ts';
import { revealHeaders } from '../../../src/cli/peers/client-access.ts';
import { WrongUsage } from '../../../src/cli/terminal/cli-errors.ts';
import { revealSecret } from '../../../src/cli/terminal/files/secrets.ts';
import { fakeEnvironment } from '../support/fake-environment.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ws-secrets-'));
  writeFileSync(join(folder, 'headers'), 'Authorization: Bearer 123\r\n\nX-B: b:c\n');
  writeFileSync(join(folder, 'user'), 'alice:pass:word\n');
  writeFileSync(join(folder, 'broken'), 'no header');
  writeFileSync(join(folder, 'large'), 'x'.repeat(70_000));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const { environment } = fakeEnvironment({ variables: { TOKEN: 'A: from a variable', WS_PASSWORD: 'pass', ME: 'bob' } });
const file = (name: string) => readSecret(`@${join(folder, name)}`);
const reveal = (text: string) => revealSecret(readSecret(text), 'connect', '--user', environment);

describe('a secret', () => {
  it('comes from the command line, a file or a variable', () => {
    expect(reveal('alice:pass')).toBe('alice:pass');
    expect(reveal(`@${join(folder, 'user')}`)).toBe('alice:pass:word');
    expect(reveal('@env:ME')).toBe('bob');
  });

  it.each(['@env:NOTHING', '@/no/such/file', '@/'])('that is not there is wrong usage: %s', (text) => {
    expect(() => reveal(text)).toThrow(WrongUsage);
  });

  it('is not larger than a secret', () => {
    expect(() => reveal(`@${join(folder, 'large')}`)).toThrow('larger than 64 KiB');
  });
});

describe('the headers of a request', () => {
  const nothing = { headers: [], user: undefined, proxy: undefined, keyPassphrase: undefined };

  it('come from options, files and variables, in their order', () => {
    const headers = [readHeader('X-A: a'), file('headers'), readSecret('@env:TOKEN')];
    expect(revealHeaders('connect', { ...nothing, headers }, environment)).toEqual([
      ['X-A', 'a'],
      ['Authorization', 'Bearer 123'],
      ['X-B', 'b:c'],
      ['A', 'from a variable'],
    ]);
  });

  it.each([
    ['alice:pass', 'alice:pass'],
    ['alice:', 'alice:'],
    ['bob', 'bob:pass'],
    ['@env:ME', 'bob:pass'],
  ])('log the user in with %s', (user, credentials) => {
    expect(revealHeaders('connect', { ...nothing, user: readSecret(user) }, environment)).toEqual([
      ['Authorization', `Basic ${Buffer.from(credentials).toString('base64')}`],
    ]);
  });

  it('are refused when they say too much or too little, without quoting it', () => {
    const both = { ...nothing, headers: [file('headers')], user: readSecret('a:b') };
    expect(() => revealHeaders('connect', both, environment)).toThrow('give either --user or a header Authorization');
    const broken = { ...nothing, headers: [file('broken')] };
    expect(() => revealHeaders('connect', broken, environment)).toThrow("must look like 'Name: value'");
    expect(() => revealHeaders('connect', broken, environment)).not.toThrow(/no header/);
    const user = { ...nothing, user: readSecret('bob') };
    expect(() => revealHeaders('connect', user, fakeEnvironment().environment)).toThrow('--user has no password');
  });
});
