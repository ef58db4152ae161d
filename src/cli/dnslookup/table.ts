import { BadValue, type CommandTable, flag, value } from '../line/command-table.ts';
import { readSeconds } from '../line/value-readers.ts';
import { json, quiet } from '../peers/shared-options.ts';

export interface DnsLookupValues {
  readonly host: string;
  readonly isIPv4: boolean;
  readonly isIPv6: boolean;
  readonly timeoutSecs: number;
  readonly isQuiet: boolean;
  readonly isJson: boolean;
}

export const dnsLookupTable: CommandTable<DnsLookupValues, 'host'> = {
  name: 'dnslookup',
  summary: 'show the addresses of a host, as a connection would find them',
  examples: [
    ['ws dnslookup localhost', 'every address, and how long it took'],
    ['ws dnslookup -6 localhost', 'IPv6 only'],
    ['ws dnslookup -q localhost', 'addresses only, for scripts'],
  ],
  arguments: { host: { placeholder: 'host', about: 'the name to look up', read: readHost } },
  options: {
    isIPv4: flag({ short: '4', long: 'ipv4', about: 'IPv4 addresses only' }),
    isIPv6: flag({ short: '6', long: 'ipv6', about: 'IPv6 addresses only' }),
    timeoutSecs: value({
      long: 'timeout',
      placeholder: 'SECONDS',
      about: 'how long it may take',
      read: readSeconds,
      fallback: 20,
      shownDefault: '20',
    }),
    isQuiet: { ...quiet, about: 'show addresses only' },
    isJson: json,
  },
};

function readHost(text: string): string {
  if (text === '' || /[\s/\0]/.test(text)) throw new BadValue(`must be the name of a host, not '${text}'`);
  return text;
}
