import { type CommandTable, flag, value } from '../line/command-table.ts';
import { readInteger, readPath } from '../line/value-readers.ts';
import { json, quiet } from '../peers/shared-options.ts';

/** Values that compressing and decompressing have in common. */
interface CompressionValues {
  readonly file: string;
  readonly output: string | undefined;
  readonly toStdout: boolean;
  readonly mayReplace: boolean;
  readonly isQuiet: boolean;
  readonly isJson: boolean;
}

export interface GzipValues extends CompressionValues {
  readonly runCount: number;
  readonly level: number;
}

export type GunzipValues = CompressionValues;

const common = {
  output: value<string | undefined>({
    short: 'o',
    long: 'output',
    placeholder: 'FILE',
    about: 'where to write',
    read: readPath,
    fallback: undefined,
  }),
  toStdout: flag({ short: 'c', long: 'stdout', about: 'write to standard output, and nothing else there' }),
  mayReplace: flag({ short: 'f', long: 'force', about: 'replace a file that is there already' }),
  isQuiet: quiet,
  isJson: json,
};

export const gzipTable: CommandTable<GzipValues, 'file'> = {
  name: 'gzip',
  summary: 'compress a file, and measure how long that takes',
  examples: [
    ['ws gzip log.txt', 'write log.txt.gz; log.txt stays'],
    ['ws gzip -c log.txt > copy.gz', 'to standard output'],
    ['ws gzip --run_count 10 --force log.txt', 'compress ten times, and show the median'],
  ],
  arguments: { file: { placeholder: 'file', about: 'what to compress', read: readPath } },
  options: {
    ...common,
    runCount: value({
      long: 'run_count',
      placeholder: 'NUMBER',
      about: 'how often to compress',
      read: readInteger(1, 1_000_000),
      fallback: 1,
      shownDefault: '1',
    }),
    level: value({
      long: 'level',
      placeholder: 'NUMBER',
      about: 'from 1, fast, to 9, small',
      read: readInteger(1, 9),
      fallback: 6,
      shownDefault: '6',
    }),
  },
};

export const gunzipTable: CommandTable<GunzipValues, 'file'> = {
  name: 'gunzip',
  summary: 'decompress a file, and check that it is whole',
  examples: [
    ['ws gunzip log.txt.gz', 'write log.txt; log.txt.gz stays'],
    ['ws gunzip -c log.txt.gz', 'to standard output'],
    ['ws gunzip --output copy.txt log.txt.gz', 'to another file'],
  ],
  arguments: { file: { placeholder: 'file', about: 'what to decompress', read: readPath } },
  options: common,
};
