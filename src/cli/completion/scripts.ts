import type { Shell } from './table.ts';
import type { CommandWords, OptionWords } from './words.ts';

/** The script that teaches a shell the words of `ws`. */
export function completionScript(shell: Shell, commands: readonly CommandWords[]): string {
  switch (shell) {
    case 'bash':
      return bashScript(commands);
    case 'zsh':
      return zshScript(commands);
    case 'fish':
      return fishScript(commands);
    default:
      return shell satisfies never;
  }
}

/** Text in single quotes, for every shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function bashScript(commands: readonly CommandWords[]): string {
  const namesWith = (command: CommandWords, wanted: OptionWords['value']): string[] =>
    command.options.filter(({ value }) => value === wanted).flatMap(({ names }) => names);
  const cases = commands.map((command) => {
    const words = [...command.choices, ...command.options.flatMap(({ names }) => names)];
    return [
      `    ${command.name})`,
      `      words=${quoted(words.join(' '))}`,
      `      files=${quoted(` ${namesWith(command, 'file').join(' ')} `)}`,
      `      folders=${quoted(` ${namesWith(command, 'folder').join(' ')} `)}`,
      `      others=${quoted(` ${namesWith(command, 'other').join(' ')} `)}`,
      `      takes_files=${command.takesFiles ? '1' : ''} ;;`,
    ].join('\n');
  });
  return `# bash completion for ws
_ws() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local command='' words='' files='' folders='' others='' takes_files='' index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    case \${COMP_WORDS[index]} in
      -*) ;;
      *) command=\${COMP_WORDS[index]//-/_}; break ;;
    esac
  done
  case $command in
    '')
      words=${quoted([...commands.map(({ name }) => name), '--help', '--version', '--logfile'].join(' '))} ;;
${cases.join('\n')}
    *) return ;;
  esac
  if [[ $files == *" $previous "* ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  elif [[ $folders == *" $previous "* ]]; then
    mapfile -t COMPREPLY < <(compgen -d -- "$current")
  elif [[ $others == *" $previous "* ]]; then
    return
  elif [[ $takes_files && $current != -* ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  fi
}
complete -o filenames -F _ws ws
`;
}

function zshScript(commands: readonly CommandWords[]): string {
  const escaped = (text: string): string => text.replace(/[\\[\]:]/g, '\\$&');
  const described = commands.map(({ name, about }) => `    ${quoted(`${name}:${about.replaceAll(':', '\\:')}`)}`);
  const spec = ({ names, about, placeholder, value }: OptionWords): string => {
    const action = value === 'file' ? '_files' : value === 'folder' ? '_files -/' : ' ';
    const argument = placeholder === undefined ? '' : `:${escaped(placeholder)}:${action}`;
    const exclusive = names.length > 1 ? quoted(`(${names.join(' ')})`) : '';
    const alternatives = names.length > 1 ? `{${names.join(',')}}` : (names[0] ?? '');
    return `        ${exclusive}${alternatives}${quoted(`[${escaped(about)}]${argument}`)}`;
  };
  const cases = commands.map((command) => {
    const { choices, takesFiles } = command;
    const rest =
      choices.length > 0 ? quoted(`1:word:(${choices.join(' ')})`) : quoted(takesFiles ? '*:file:_files' : '*: :');
    return `    ${command.name})\n      _arguments -s \\\n${[...command.options.map(spec), `        ${rest}`].join(' \\\n')} ;;`;
  });
  return `#compdef ws
_ws() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=\${words[2]//-/_}
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = _ws ]; then
  _ws "$@"
else
  compdef _ws ws
fi
`;
}

function fishScript(commands: readonly CommandWords[]): string {
  const lines = ['# fish completion for ws', 'complete -c ws -f'];
  for (const { name, about, options, takesFiles, choices } of commands) {
    lines.push(`complete -c ws -n __fish_use_subcommand -a ${name} -d ${quoted(about)}`);
    const condition = `-n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
    if (takesFiles) lines.push(`complete -c ws ${condition} -F`);
    if (choices.length > 0) lines.push(`complete -c ws ${condition} -a ${quoted(choices.join(' '))}`);
    for (const { names, about: what, value } of options) {
      const flags = names.map((word) => (word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`));
      const takes = value === 'none' ? '' : value === 'other' ? ' -x' : ' -r -F';
      lines.push(`complete -c ws ${condition} ${flags.join(' ')}${takes} -d ${quoted(what)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
