import type { AnyTable } from '../line/command-table.ts';
import type { CommandWords, OptionWords } from './words.ts';

/** The manual page in roff, from the same tables as the help. */
export function manPage(tables: readonly AnyTable[], commands: readonly CommandWords[], version: string): string {
  const sections = tables.map((table) => {
    const words = commands.find(({ name }) => name === table.name);
    return commandSection(table, words?.options ?? []);
  });
  return `.TH WS 1 "" "ixwebsocket ${escaped(version)}" "User Commands"
.SH NAME
ws \\- WebSocket and HTTP from the command line
.SH SYNOPSIS
.B ws
.I COMMAND
.RI [ OPTION ...]
.RI [ ARGUMENT ...]
.br
.B ws help
.RI [ COMMAND ]
.SH DESCRIPTION
Clients, servers and tools for WebSocket connections.
Dashes and underscores inside the names of commands and options are the same.
.SH COMMANDS
${sections.join('')}.SH EXIT STATUS
${definitions(exitCodes)}.SH SEE ALSO
https://www.npmjs.com/package/ixwebsocket
`;
}

const exitCodes: readonly (readonly [string, string])[] = [
  ['0', 'done'],
  ['1', 'could not connect or listen, or what was asked for did not happen'],
  ['2', 'wrong usage'],
  ['3', 'the other side closed the connection with a code that is no normal end'],
  ['130', 'ended by Ctrl-C'],
  ['143', 'ended by SIGTERM'],
];

function commandSection(table: AnyTable, options: readonly OptionWords[]): string {
  const args = Object.values(table.arguments);
  const shown = args.map(({ placeholder, isOptional }) => (isOptional === true ? `[${placeholder}]` : placeholder));
  const terms = [
    ...args.map(({ placeholder, about }) => [placeholder, about] as const),
    ...options.map(({ names, about, placeholder }) => {
      const value = placeholder === undefined ? '' : ` ${placeholder}`;
      return [`${names.join(', ')}${value}`, about] as const;
    }),
  ];
  const examples = table.examples.map(([command, about]) => `.TP\n.B ${escaped(command)}\n${line(about)}\n`);
  return `.SS ws ${escaped([table.name, '[OPTION]...', ...shown].join(' '))}
${line(`${table.summary.charAt(0).toUpperCase()}${table.summary.slice(1)}.`)}
${definitions(terms)}.PP
Examples:
${examples.join('')}`;
}

function definitions(terms: readonly (readonly [term: string, text: string])[]): string {
  return terms.map(([term, text]) => `.TP\n.B ${escaped(term)}\n${line(text)}\n`).join('');
}

/** Text that cannot be taken for a request. */
function line(text: string): string {
  return /^[.']/.test(text) ? `\\&${escaped(text)}` : escaped(text);
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll("'", '\\(aq').replaceAll('"', '\\(dq');
}
