import { type Dirent, opendir, type Stats } from 'node:fs';
import { closeFile } from '../../http/files/file-io.ts';
import { DESCRIPTORS, type OpenedDirectory, type StaticRoot } from './static-root.ts';
import { formatPath, type PathRules, parseStaticTarget } from './static-target.ts';

/** A directory may hold millions; nobody reads them. */
export const MAX_LISTED_ENTRIES = 1000;

interface Entry {
  readonly name: string;
  readonly isDirectory: boolean;
  readonly stats: Stats | undefined;
}

/** The rules by which requests are answered, and so by which entries are listed. */
export interface ListingRules extends PathRules {
  readonly index: string | undefined;
}

/** A page with the entries of a directory: what can be requested, directories first, by name. */
export async function listDirectory(
  directory: OpenedDirectory,
  segments: readonly string[],
  root: StaticRoot,
  rules: ListingRules,
): Promise<string> {
  const names = await readNames(directory);
  const entries: Entry[] = [];
  for (const name of names.slice(0, MAX_LISTED_ENTRIES)) {
    const entry = await describeEntry([...segments, name], root, rules);
    if (entry !== undefined) entries.push(entry);
  }
  entries.sort(compareEntries);
  return formatListing(entries, segments, names.length > MAX_LISTED_ENTRIES);
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

/**
 * An entry as a request for it would find it, `undefined` when that would be refused: by its name, by its kind, by
 * permissions, or, for a directory, by those of its index file.
 */
async function describeEntry(
  segments: readonly string[],
  root: StaticRoot,
  rules: ListingRules,
): Promise<Entry | undefined> {
  const name = segments.at(-1) ?? '';
  // The name is tried as the link will spell it, with the slash that a directory has.
  if (parseStaticTarget(`${formatPath(segments)}/`, rules).kind === 'refused') return undefined;
  const opened = await root.open(segments);
  if (opened.kind === 'none') return undefined;
  if (opened.fd !== undefined) await closeFile(opened.fd);
  if (opened.kind === 'file') return { name, isDirectory: false, stats: opened.stats };
  const isRefused = rules.index !== undefined && (await isUnreadable([...segments, rules.index], root));
  return isRefused ? undefined : { name, isDirectory: true, stats: undefined };
}

async function isUnreadable(segments: readonly string[], root: StaticRoot): Promise<boolean> {
  const opened = await root.open(segments);
  if (opened.kind === 'none') return opened.status !== 404;
  if (opened.fd !== undefined) await closeFile(opened.fd);
  return false;
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
