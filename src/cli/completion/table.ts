import type { CommandTable } from '../line/command-table.ts';
import { readOneOf } from '../line/value-readers.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export interface CompletionValues {
  readonly shell: Shell;
}

export const completionTable: CommandTable<CompletionValues, 'shell'> = {
  name: 'completion',
  summary: 'print a script that lets a shell complete the words of ws',
  examples: [
    ['ws completion bash >> ~/.bash_completion', 'for every bash'],
    ['ws completion zsh > "${fpath[1]}/_ws"', 'for every zsh that calls compinit'],
    ['ws completion fish > ~/.config/fish/completions/ws.fish', 'for every fish'],
  ],
  arguments: { shell: { placeholder: 'shell', about: shells.join(', '), read: readOneOf(shells) } },
  options: {},
};
