import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { Option } from '../../../src/util/option-kinds.ts';
import { type AnyOptionTable, documentedDefaults, optionTables } from '../../support/option-tables.ts';

const KIB = 1024;

/** A figure as the page writes it. */
function written({ fallback, unit }: Option<unknown>): string {
  if (fallback === undefined || fallback === -1 || fallback === Infinity) return 'no limit';
  if (typeof fallback !== 'number') throw new Error('no figure');
  switch (unit) {
    case 'bytes':
      if (fallback % KIB ** 2 === 0) return `${fallback / KIB ** 2} MiB`;
      return fallback % KIB === 0 ? `${fallback / KIB} KiB` : `${fallback} bytes`;
    case 's':
      return `${fallback} s`;
    case 'ms':
      return fallback >= 1000 ? `${fallback / 1000} s` : `${fallback} ms`;
    default:
      return fallback < 10_000 ? String(fallback) : String(fallback).replace(/\B(?=(\d{3})+$)/g, ' ');
  }
}

const { client, server, httpServer, httpClient, request, serveFiles, shutdown, outbox, perMessageDeflate } =
  optionTables;

/** The tables that the sections of the page speak of. */
const sections: Readonly<Record<string, readonly AnyOptionTable[]>> = {
  'Messages that arrive': [client, server],
  'Messages that leave': [client, server],
  Compression: [client, server],
  Handshakes: [client, server],
  'HTTP messages': [httpServer, request],
  'Requests of the HTTP client': [request, httpClient],
  'Requests to an HTTP server': [httpServer],
  'Files that are served': [serveFiles],
  Connections: [client, server, shutdown],
};

/** Options whose default is no figure of their own, and what the page says of it. */
const inWords: Readonly<Record<string, string>> = {
  slowConsumer: 'as above',
  pingTimeoutSecs: 'as long as the interval',
  pingIntervalSecs: 'as long as the interval',
  addressAttemptTimeoutMs: "250 ms, Node's default",
  'perMessageDeflate.threshold': '256 bytes, 1 with context takeover',
  'perMessageDeflate.maxInflateRatio': '256 times',
  retries: 'none',
};

/** Options with a figure that bounds nothing. */
const noLimits = new Set(
  (
    'port family addressFamily code staggerMs reconnectJitter fragmentSize minWaitBetweenReconnectionRetries ' +
    'minRetryWait perMessageDeflate.level perMessageDeflate.memLevel perMessageDeflate.clientMaxWindowBits ' +
    'perMessageDeflate.serverMaxWindowBits'
  ).split(' '),
);

interface Row {
  readonly section: string;
  readonly shown: string;
  readonly cell: string;
  readonly option: string;
}

async function readRows(): Promise<Row[]> {
  const page = await readFile(new URL('../../../docs/limits.md', import.meta.url), 'utf8');
  const rows: Row[] = [];
  let section = '';
  for (const line of page.split('\n')) {
    if (line.startsWith('## ')) section = line.slice(3);
    const [, , shown = '', cell = ''] = line.split('|').map((text) => text.trim());
    for (const [, option = ''] of cell.matchAll(/`([\w.]+)`/g)) rows.push({ section, shown, cell, option });
  }
  return rows;
}

function linesOf({ section, cell, option }: Row): Option<unknown>[] {
  const [first = '', inner] = option.split('.');
  if (inner !== undefined) return linesIn([first === 'outbox' ? outbox : perMessageDeflate], inner);
  const tables = sections[section] ?? [];
  if (cell.includes('of the client')) return linesIn([client], option);
  return linesIn(cell.includes('of the server') ? [server] : tables, option);
}

function linesIn(tables: readonly AnyOptionTable[], name: string): Option<unknown>[] {
  return tables.flatMap(({ lines }) => (Object.hasOwn(lines, name) ? [lines[name] as Option<unknown>] : []));
}

describe('docs/limits.md', () => {
  test('has in each row the default that the table of options has', async () => {
    const rows = await readRows();
    expect(rows.length).toBeGreaterThan(40);
    for (const row of rows) {
      const lines = linesOf(row);
      expect(lines, `${row.option} in ${row.section}`).not.toHaveLength(0);
      const words = inWords[row.option];
      for (const line of lines) expect(row.shown, row.option).toContain(words ?? written(line));
    }
  });

  test('has a row for every option that has a figure', async () => {
    const shown = new Set((await readRows()).map(({ option }) => option));
    for (const [owner, { lines }] of Object.entries(optionTables)) {
      const isInner = owner === 'outbox' || owner === 'perMessageDeflate';
      for (const [name, { fallback, unit }] of Object.entries(lines)) {
        const full = isInner ? `${owner}.${name}` : name;
        if ((unit === undefined && typeof fallback !== 'number') || noLimits.has(full)) continue;
        expect(shown, owner).toContain(full);
      }
    }
  });
});

/** Defaults that depend on something else, and are told in words. */
const toldInWords = new Set(
  (
    'url host extraHeaders subprotocols cors staggerMs threshold perMessageDeflate clientNoContextTakeover ' +
    'serverNoContextTakeover maxInflateRatio'
  ).split(' '),
);

describe.each<[AnyOptionTable, readonly string[]]>([
  [
    client,
    [
      'connection/connection-options.ts',
      'client/reconnection-options.ts',
      'client/client-options.ts',
      'dial/dial-options.ts',
    ],
  ],
  [outbox, ['client/outbox.ts']],
  [server, ['connection/connection-options.ts', 'server/admission/admission-options.ts', 'server/server-options.ts']],
  [httpServer, ['http-server/http-server-options.ts']],
  [httpClient, ['http-client/http-client-options.ts', 'dial/dial-options.ts']],
  [request, ['http-client/request/request-options.ts']],
  [serveFiles, ['http-server/static/static-options.ts']],
  [shutdown, ['server/life/shutdown.ts']],
  [perMessageDeflate, ['protocol/websocket/deflate/per-message-deflate-options.ts']],
])('the documented defaults', ({ lines }, files) => {
  test.each(files)('of %s are those of the table', async (file) => {
    const documented = await documentedDefaults(file);
    expect(documented.size).toBeGreaterThan(0);
    for (const [name, told] of documented) {
      const line = lines[name];
      if (line === undefined || toldInWords.has(name)) continue;
      const { fallback } = line;
      if (fallback === undefined) expect(told ?? '', name).not.toMatch(/^(\d|true|false|')/);
      else expect(`${told} `, name).toMatch(new RegExp(`^${literal(fallback)}[ ,:(]`));
    }
  });
});

function literal(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  return Array.isArray(value) ? 'none' : String(value);
}
