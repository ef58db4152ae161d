import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Parts of row names or groups; empty: all rows. */
  readonly only: readonly string[];
  /** Parts of peer names; undefined: all peers. */
  readonly peers: readonly string[] | undefined;
  readonly rounds: number;
  readonly jsonPath: string | undefined;
  readonly profileDir: string | undefined;
}

export const usage = `npm run bench -- [options]
  --only TEXT[,TEXT]   rows whose group or name contains one of these
  --peers NAME[,NAME]  only these peers beside ours; "none" for ours alone
  --rounds N           rounds of each row (default 5)
  --json FILE          also write every sample to FILE
  --profile DIR        write CPU profiles of ours to DIR; slows it down, so the figures do not count
  --help`;

function list(text: string | undefined): readonly string[] | undefined {
  return text?.split(',').map((part) => part.trim().toLowerCase());
}

/** Undefined when only the usage was asked for. */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      peers: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      json: { type: 'string' },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds: "${values.rounds}" is no positive integer`);
  return {
    only: list(values.only) ?? [],
    peers: list(values.peers),
    rounds,
    jsonPath: values.json,
    profileDir: values.profile,
  };
}
