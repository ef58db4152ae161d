import { describe, expect, it } from 'vitest';
import { canonicalArguments } from '../../../src/cli/line/canonical-arguments.ts';
import { tables } from '../../../src/cli/program.ts';

describe('dashes and underscores', () => {
  it.each<[given: string, canonical: string]>([
    ['echo-server', 'echo_server'],
    ['echo_server', 'echo_server'],
    ['help push-server', 'help push_server'],
    ['connect --max-wait 5 u', 'connect --max_wait 5 u'],
    ['connect --max_wait=5 u', 'connect --max_wait=5 u'],
    ['connect --max-wait=a-b_c u', 'connect --max_wait=a-b_c u'],
    ['echo_server --max_message_size 1M', 'echo_server --max-message-size 1M'],
    ['push_server --send-msg --max-wait', 'push_server --send_msg --max-wait'],
    ['connect -H --max-wait u', 'connect -H --max-wait u'],
    ['connect -b --max-wait 3 u', 'connect -b --max_wait 3 u'],
    ['connect -- --max-wait', 'connect -- --max-wait'],
    ['connect echo-server', 'connect echo-server'],
    ['autobahn --no-such-thing', 'autobahn --no-such-thing'],
    ['connect - --max-wait 1', 'connect - --max_wait 1'],
    ['curl --max-redirs 3 --insecure u', 'curl --max-redirects 3 --verify_none u'],
    ['curl --json --max-redirs u', 'curl --json --max-redirs u'],
    ['echo_server --json --send-msg', 'echo_server --json --send-msg'],
    ['connect --json --max-wait 3 u', 'connect --json --max_wait 3 u'],
  ])('makes of: %s', (given, canonical) => {
    expect(canonicalArguments(given.split(' '), tables).join(' ')).toBe(canonical);
  });

  it('are never two options of one command', () => {
    for (const table of tables) {
      const names = Object.values(table.options).map(({ long }) => long.replaceAll('_', '-'));
      expect(new Set(names).size).toBe(names.length);
      const letters = Object.values(table.options).flatMap(({ short }) => short ?? []);
      expect(new Set(letters).size).toBe(letters.length);
    }
  });

  it('mean the same in every command', () => {
    const spellings = new Map<string, string>();
    for (const { long } of tables.flatMap((table) => Object.values(table.options))) {
      const dashed = long.replaceAll('_', '-');
      expect(spellings.get(dashed) ?? long).toBe(long);
      spellings.set(dashed, long);
    }
  });
});
