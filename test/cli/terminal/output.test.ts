import { describe, expect, it } from 'vitest';
import { CliError } from '../../../src/cli/terminal/cli-errors.ts';
import { describeHandshake, Log } from '../../../src/cli/terminal/log.ts';
import { printable, printableLines, reasonAbout, reasonOf, reportError } from '../../../src/cli/terminal/output.ts';
import { shownUrl } from '../../../src/cli/terminal/shown-url.ts';
import { fakeEnvironment } from '../support/fake-environment.ts';

describe('text from the network', () => {
  it.each([
    ['\u001b[2J', '\\x1b[2J'],
    ['\u001b]52;c;cm0=\u0007', '\\x1b]52;c;cm0=\\x07'],
    ['\u009b31m', '\\x9b31m'],
    ['a\r\nb\tc', 'a\\x0d\\x0ab\\x09c'],
    ['\u007f\u0000', '\\x7f\\x00'],
    ['abc\u202egpj', 'abc\\u202egpj'],
    ['\u2066x\u2069\u200b\ufeff', '\\u2066x\\u2069\\u200b\\ufeff'],
    ['\u{e0041}\ufff9', '\\u{e0041}\\ufff9'],
    ['می\u200cخواهم 👩\u200d🔬', 'می\u200cخواهم 👩\u200d🔬'],
    ['grüße ☃ 😀', 'grüße ☃ 😀'],
  ])('cannot drive a terminal: %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('keeps lines and tabs where they are wanted', () => {
    expect(printableLines('a\n\tb\r\u001b')).toBe('a\n\tb\\x0d\\x1b');
  });
});

describe('an error', () => {
  it('is one line, with the hint below it', () => {
    const { environment, stderr, stdout } = fakeEnvironment();
    reportError(environment, new CliError('connect', 'no\nluck', 'Try again.'), 'not this one');
    reportError(environment, new CliError('connect', 'no luck'), 'Try harder.');
    reportError(environment, new CliError('connect', 'no luck'));
    expect(stderr.text).toBe(
      'ws: connect: no\\x0aluck\n    Try again.\nws: connect: no luck\n    Try harder.\nws: connect: no luck\n',
    );
    expect(stdout.text).toBe('');
  });

  it('always has a reason', () => {
    expect(reasonOf(new Error('why'))).toBe('why');
    expect(reasonOf(new Error(''))).toBe('Error');
    expect(reasonOf('text')).toBe('text');
  });
});

describe('the log', () => {
  it('writes the time, the level and one line for each event', () => {
    const { environment, stdout, stderr } = fakeEnvironment();
    const log = new Log(environment, false);
    log.info('Closed, reason a\n[2026] [info] forged');
    log.error('broken');
    expect(stdout.text).toBe('[2026-01-31 23:59:58.007] [info] Closed, reason a\\x0a[2026] [info] forged\n');
    expect(stderr.text).toBe('[2026-01-31 23:59:58.007] [error] broken\n');
  });

  it('shows only errors when it is quiet', () => {
    const { environment, stdout, stderr } = fakeEnvironment();
    const log = new Log(environment, true);
    log.info('nothing');
    log.handshake('/', [['A', 'b']]);
    log.error('broken');
    expect(stdout.text).toBe('');
    expect(stderr.text).toContain('broken');
  });

  it.each([
    ['/chat?room=7', '/chat?room=7'],
    ['/?token=abc&x=1', '/?token=(not shown)&x=1'],
    ['/?API_KEY=abc', '/?API_KEY=(not shown)'],
    ['/?u=0123456789abcdef', '/?u=(not shown)'],
    ['/?0123456789abcdef', '/?(not shown)'],
    ['/?token=', '/?token='],
    ['ws://me:pass@h:1/p?jwt=a.b.c#f', 'ws://h:1/p?jwt=(not shown)'],
    ['ws://h/p@q', 'ws://h/p@q'],
  ])('shows %s as %s in logs', (url, shown) => {
    expect(shownUrl(url)).toBe(shown);
    expect(describeHandshake(url, [])[0]).toBe(`Uri: ${shown}`);
  });

  it.each([
    ["ENOENT: no such file or directory, open '/a/b'", '/a/b: no such file or directory'],
    ["EXDEV: cross-device link not permitted, rename '/a' -> '/b'", '/a: cross-device link not permitted'],
    ['ENOSPC: no space left on device, write', 'no space left on device'],
    ['connect ECONNREFUSED 127.0.0.1:1', 'connect ECONNREFUSED 127.0.0.1:1'],
  ])('says %s as %s', (message, reason) => {
    expect(reasonOf(new Error(message))).toBe(reason);
    expect(reasonAbout('/a/b', new Error(message)).split('/a/b')).toHaveLength(2);
  });

  it('does not show what could let somebody in', () => {
    const headers = [
      ['Host', 'h'],
      ['AUTHORIZATION', 'Basic 123'],
      ['Cookie', 'session=123'],
    ] as const;
    expect(describeHandshake('/x', headers)).toEqual([
      'Uri: /x',
      'Headers:',
      'Host: h',
      'AUTHORIZATION: (not shown)',
      'Cookie: (not shown)',
    ]);
  });
});
