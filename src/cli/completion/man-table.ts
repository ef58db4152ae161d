import type { CommandTable } from '../line/command-table.ts';

export type ManValues = Readonly<Record<never, never>>;

export const manTable: CommandTable<ManValues> = {
  name: 'man',
  summary: 'print the manual page',
  examples: [
    ['ws man | man -l -', 'read it'],
    ['ws man > ~/.local/share/man/man1/ws.1', "install it, for 'man ws'"],
    ['ws help send', 'the help of one command'],
  ],
  arguments: {},
  options: {},
};
