import { describe, expect, it } from 'vitest';
import { Log } from '../../../src/cli/terminal/log.ts';
import { createProgress } from '../../../src/cli/terminal/progress-bar.ts';
import { formatBytes, formatSeconds, RateMeter } from '../../../src/cli/terminal/rate-meter.ts';
import { type FakeOptions, fakeEnvironment } from '../support/fake-environment.ts';
import { rendered } from '../support/rendered.ts';

/** A bar on a terminal that shows stdout and stderr, as terminals do. */
function onTerminal(options: FakeOptions = {}) {
  const fake = fakeEnvironment({ isTerminal: true, ...options });
  const environment = { ...fake.environment, stdout: fake.stderr };
  const progress = createProgress(environment, false);
  const log = new Log(environment, false, false, progress);
  return { ...fake, progress, log, shown: () => rendered(fake.stderr.text, options.columns) };
}

describe('a progress bar', () => {
  it('stays below the lines that are written meanwhile, and leaves nothing behind', () => {
    const { progress, log, shown } = onTerminal();
    progress.start('folder', 1000);
    for (let index = 1; index <= 50; index++) {
      progress.update(index * 20);
      if (index % 2 === 0) log.info(`file ${index}`);
      else log.error(`file ${index}`);
      expect(shown().at(-2)).toMatch(new RegExp(`file ${index}$`));
      expect(shown().at(-1)).toMatch(/^folder \[/);
    }
    expect(shown()).toHaveLength(51);
    progress.stop();
    expect(shown()).toHaveLength(50);
    log.info('after');
    expect(shown().at(-1)).toMatch(/after$/);
  });

  it.each([
    [100, /^name \[#{12}\.{12}\] 50% of 1\.0 KB, \S+ \S+, \S+ left$/],
    [60, /^name \[#+\.+\] 50% of 1\.0 KB, \S+ \S+, \S+ left$/],
    [45, /^name 50% of 1\.0 KB, \S+ \S+, \S+ left$/],
    [32, /^50% of 1\.0 KB, \S+ \S+, \S+ left$/],
    [10, /^50%$/],
  ])('never wraps, in a terminal of %d columns', (columns, expected) => {
    const { progress, shown, log } = onTerminal({ columns });
    progress.start('name', 1000);
    progress.update(500);
    log.event('x', '');
    expect(shown()).toHaveLength(Math.ceil('[2026-01-31 23:59:58.007] [info] '.length / columns) + 1);
    expect(shown().at(-1)).toMatch(expected);
  });

  it('counts characters that may be two columns wide as such', () => {
    const { progress, shown } = onTerminal({ columns: 80 });
    progress.start('文'.repeat(24), 1000);
    expect(shown()[0]).toMatch(/^文{24} 0% of/);
  });

  it('changes no mode of the terminal', () => {
    const { progress, stderr } = onTerminal();
    progress.start('\u001b[2Jname', 10);
    progress.update(10);
    progress.stop();
    expect(stderr.text).not.toMatch(/\u001b(?!\[K)/);
  });

  it('is not drawn where there is no terminal, or one that cannot erase', () => {
    for (const options of [{ isTerminal: false }, { variables: { TERM: 'dumb' } }]) {
      const { progress, stderr } = onTerminal(options);
      progress.start('name', 10);
      progress.update(10);
      progress.stop();
      expect(stderr.text).toBe('');
    }
  });
});

describe('the figures of a bar', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 KB'],
    [99_949, '99.9 KB'],
    [123_456, '123 KB'],
    [999_999, '1.0 MB'],
    [5_000_000_000, '5.0 GB'],
    [1e16, '10000 TB'],
  ])('shows %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [0, '0:00'],
    [59.1, '1:00'],
    [61, '1:01'],
    [3661, '1:01:01'],
  ])('shows %d seconds as %s', (seconds, text) => {
    expect(formatSeconds(seconds)).toBe(text);
  });

  it('knows rate and time left from the last seconds, also after a cut', () => {
    const meter = new RateMeter();
    expect(meter.describe(100)).toBe('0 B/s, -:-- left');
    for (let second = 0; second <= 20; second++)
      meter.add(second * 1000, second < 10 ? second * 1000 : 10_000 + second * 2000);
    expect(meter.describe(70_000)).toBe('2.0 KB/s, 0:10 left');
    meter.add(21_000, 1000);
    meter.add(22_000, 2000);
    expect(meter.describe(3000)).toBe('1.0 KB/s, 0:01 left');
  });
});
