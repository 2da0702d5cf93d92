import type { Shell } from './shells.ts';

/**
 * Each asks the program what fits; its first line says whether files fit too, the rest is VALUE<tab>ABOUT. Candidates are
 * quoted for the shell, never run by it.
 */
export const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `# ebill completion for bash (3.2 and newer)
_ebill() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" first=1 line value
  COMPREPLY=()
  while IFS= read -r line; do
    if [ "$first" = 1 ]; then
      first=0
      # Nothing of ours to offer: "-o default" completes files.
      continue
    fi
    value="\${line%%$'\\t'*}"
    COMPREPLY[\${#COMPREPLY[@]}]="$(printf '%q' "$value")"
  done < <(ebill completion complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  # "header:" waits for a name.
  if [ "\${#COMPREPLY[@]}" = 1 ] && [ "\${COMPREPLY[0]%:}" != "\${COMPREPLY[0]}" ]; then compopt -o nospace 2>/dev/null; fi
  return 0
}
complete -o bashdefault -o default -F _ebill ebill
`,
  zsh: `#compdef ebill
# ebill completion for zsh
_ebill() {
  local -a lines values
  local line value about kind
  lines=("\${(@f)$(ebill completion complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  kind="\${lines[1]}"
  for line in "\${(@)lines[2,-1]}"; do
    value="\${line%%$'\\t'*}"
    about="\${line#*$'\\t'}"
    values+=("\${value//:/\\\\:}:\${about}")
  done
  if [[ "$kind" == files ]]; then
    _files
    return
  fi
  (( \${#values} )) && _describe -t ebill 'ebill' values
}
if [[ "\${funcstack[1]}" == _ebill ]]; then
  _ebill "$@"
else
  compdef _ebill ebill
fi
`,
  fish: `# ebill completion for fish
function __ebill_ask
  set -l words (commandline -opc) (commandline -ct)
  set -e words[1]
  ebill completion complete -- $words 2>/dev/null
end
function __ebill_files
  test (__ebill_ask)[1] = files
end
function __ebill_words
  set -l lines (__ebill_ask)
  printf '%s\\n' $lines[2..-1]
end
complete -c ebill -n __ebill_files -F
complete -c ebill -n 'not __ebill_files' -f -a '(__ebill_words)'
`,
  powershell: `# ebill completion for PowerShell
Register-ArgumentCompleter -Native -CommandName ebill -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.Extent.Text.Trim("'", '"') })
  if ($wordToComplete -eq '') { $words += ' ' }
  $lines = @(ebill completion complete -- @words 2>$null)
  $lines | Select-Object -Skip 1 | ForEach-Object {
    $value, $about = $_ -split "\`t", 2
    if (-not $about) { $about = $value }
    $text = if ($value -match '[\\s''"\`$;&|(){}]') { "'" + $value.Replace("'", "''") + "'" } else { $value }
    [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $about)
  }
}
`,
};
