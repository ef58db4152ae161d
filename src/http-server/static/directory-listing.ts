import { type Dirent, opendir, type Stats } from 'node:fs';
import { sep } from 'node:path';
import { closeFile } from '../../http/files/file-io.ts';
import { DESCRIPTORS, type OpenedDirectory, type StaticRoot } from './static-root.ts';
import { hasDotFile } from './static-target.ts';

/** A directory may hold millions; nobody reads them. */
export const MAX_LISTED_ENTRIES = 1000;

interface Entry {
  readonly name: string;
  readonly isDirectory: boolean;
  readonly stats: Stats | undefined;
}

/** A page with the entries of a directory: what can be requested, directories first, by name. */
export async function listDirectory(
  directory: OpenedDirectory,
  segments: readonly string[],
  root: StaticRoot,
  allowsDotFiles: boolean,
): Promise<string> {
  const names = await readNames(directory);
  const isCut = names.length > MAX_LISTED_ENTRIES;
  const visible = names
    .slice(0, MAX_LISTED_ENTRIES)
    .filter((name) => allowsDotFiles || !hasDotFile([...segments, name]));
  const entries: Entry[] = [];
  for (const name of visible) {
    const entry = await describeEntry(name, segments, root);
    if (entry !== undefined) entries.push(entry);
  }
  entries.sort(compareEntries);
  return formatListing(entries, segments, isCut);
}

/** Read by way of its descriptor, where Linux has a link for that: the path may lead elsewhere by now. */
async function readNames({ fd, path }: OpenedDirectory): Promise<string[]> {
  const names: string[] = [];
  const entries =
    (await openDirectory(fd === undefined ? undefined : `${DESCRIPTORS}/${fd}/`)) ?? (await openDirectory(path));
  for await (const { name } of entries ?? []) {
    names.push(name);
    if (names.length > MAX_LISTED_ENTRIES) break;
  }
  return names;
}

function openDirectory(path: string | undefined): Promise<AsyncIterable<Dirent> | undefined> {
  if (path === undefined) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    opendir(path, (error, entries) => resolve(error === null ? entries : undefined));
  });
}

/** Opened as a request would open it, so that nothing is listed that would then be refused. */
async function describeEntry(name: string, segments: readonly string[], root: StaticRoot): Promise<Entry | undefined> {
  if (name.includes(sep)) return undefined;
  const opened = await root.open([...segments, name]);
  if (opened.kind === 'none') return undefined;
  if (opened.fd !== undefined) await closeFile(opened.fd);
  return { name, isDirectory: opened.kind === 'directory', stats: opened.kind === 'file' ? opened.stats : undefined };
}

function compareEntries(a: Entry, b: Entry): number {
  if (a.isDirectory !== b.isDirectory) return a.isDirectory ? -1 : 1;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

const style =
  'body{font:16px/1.5 system-ui,sans-serif;margin:2em}table{border-spacing:0}' +
  'td{padding:0 2em 0 0}td:nth-child(n+2){text-align:right;font-variant-numeric:tabular-nums}';

function formatListing(entries: readonly Entry[], segments: readonly string[], isCut: boolean): string {
  const title = escapeHtml(`/${segments.map((segment) => `${segment}/`).join('')}`);
  const parent = segments.length === 0 ? '' : '<tr><td><a href="../">../</a></td><td></td><td></td></tr>\n';
  const rows = entries.map(formatRow).join('');
  const more = isCut ? `<p>Only ${MAX_LISTED_ENTRIES} entries are shown.</p>\n` : '';
  return (
    `<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>${title}</title>\n` +
    `<style>${style}</style>\n</head>\n<body>\n<h1>${title}</h1>\n<table>\n${parent}${rows}</table>\n${more}</body>\n</html>\n`
  );
}

function formatRow({ name, isDirectory, stats }: Entry): string {
  const slash = isDirectory ? '/' : '';
  // A name with a colon would be read as a scheme, hence the dot.
  const link = `<a href="./${encodeURIComponent(name)}${slash}">${escapeHtml(name)}${slash}</a>`;
  const size = stats === undefined ? '' : formatSize(stats.size);
  const modified = stats === undefined ? '' : stats.mtime.toISOString().slice(0, 16).replace('T', ' ');
  return `<tr><td>${link}</td><td>${size}</td><td>${modified}</td></tr>\n`;
}

function formatSize(bytes: number): string {
  let value = bytes;
  let unit = 'B';
  for (const larger of ['KiB', 'MiB', 'GiB', 'TiB']) {
    if (value < 1024) break;
    value /= 1024;
    unit = larger;
  }
  return unit === 'B' ? `${value} B` : `${value.toFixed(1)} ${unit}`;
}

const replacements: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => replacements.get(char) ?? '');
}
