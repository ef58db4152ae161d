import { readFile } from 'node:fs/promises';
import { clientOptions } from '../../src/client/client-options.ts';
import { outboxTable } from '../../src/client/outbox.ts';
import { httpClientOptions } from '../../src/http-client/http-client-options.ts';
import { requestOptions } from '../../src/http-client/request/request-options.ts';
import { httpServerOptions } from '../../src/http-server/http-server-options.ts';
import { serveFilesOptions } from '../../src/http-server/static/static-options.ts';
import { deflateTables } from '../../src/protocol/websocket/deflate/per-message-deflate-options.ts';
import { shutdownTable } from '../../src/server/life/shutdown.ts';
import { serverOptions } from '../../src/server/server-options.ts';
import { tlsTable } from '../../src/transport/tls/tls-options.ts';
import type { Option } from '../../src/util/option-kinds.ts';
import type { OptionTable } from '../../src/util/option-table.ts';

/** A table of which only names and values matter. */
export interface AnyOptionTable {
  readonly lines: Readonly<Record<string, Option<unknown>>>;
  readonly foreign?: Readonly<Record<string, string>>;
}

function anyTable<R extends object>(table: OptionTable<R>): AnyOptionTable {
  return table;
}

/** All tables of options that are documented, by the object they belong to. */
export const optionTables = {
  client: anyTable(clientOptions),
  outbox: anyTable(outboxTable),
  server: anyTable(serverOptions),
  httpServer: anyTable(httpServerOptions),
  httpClient: anyTable(httpClientOptions),
  request: anyTable(requestOptions),
  serveFiles: anyTable(serveFilesOptions),
  shutdown: anyTable(shutdownTable),
  tlsOptions: anyTable(tlsTable),
  perMessageDeflate: anyTable(deflateTables.client),
};

/** What the interfaces in a file of `src` say of the default of each option; `undefined` where they say nothing. */
export async function documentedDefaults(file: string): Promise<ReadonlyMap<string, string | undefined>> {
  const source = await readFile(new URL(`../../src/${file}`, import.meta.url), 'utf8');
  const fields = source.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(?:readonly )?(\w+)\?:/g);
  return new Map(Array.from(fields, ([, doc = '', name = '']) => [name, /@default (.*)/.exec(doc)?.[1]?.trim()]));
}
