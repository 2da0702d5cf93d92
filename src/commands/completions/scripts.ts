import type { Shell } from './shells.ts';

/**
 * Each asks the program what fits (reply.ts) and does no more than hand it on: what is typed is never evaluated, what is
 * answered never run. They work without the shells' add-ons (bash-completion and the like).
 */
export const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `# ebill completion for bash (3.2 and newer)
_ebill() {
  local kind= typed kept line
  COMPREPLY=()
  {
    IFS= read -r kind
    while IFS= read -r line; do COMPREPLY[\${#COMPREPLY[@]}]="$line"; done
  } < <(ebill completion complete bash -- "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null </dev/null)
  case "$kind" in
    words) compopt +o default +o bashdefault 2>/dev/null ;;
    nospace) compopt +o default +o bashdefault -o nospace 2>/dev/null ;;
    files*|folders)
      typed="\${COMPREPLY[0]}" kept="\${COMPREPLY[1]}"
      COMPREPLY=()
      # Without compopt (bash 3.2), or when nothing fits, bash completes files by itself.
      [ "$kind" = files ] && return 0
      case "$typed" in '~'*) return 0 ;; esac
      compopt -o filenames 2>/dev/null || return 0
      for line in "$typed"*; do
        [ -d "$line" ] || case " \${kind#files} " in *" \${line##*.} "*) [ -e "$line" ] ;; *) false ;; esac || continue
        COMPREPLY[\${#COMPREPLY[@]}]="\${line#"$kept"}"
      done ;;
  esac
  return 0
}
complete -o bashdefault -o default -F _ebill ebill
`,
  zsh: `#compdef ebill
# ebill completion for zsh
_ebill() {
  local -a lines open
  local kind
  # (Q) takes quotes away and expands nothing.
  lines=("\${(@f)$(ebill completion complete zsh -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null </dev/null)}")
  kind="\${lines[1]}"
  shift lines
  [[ "$PREFIX" == --*=* ]] && compset -P 1 '*='
  case "$kind" in
    words)
      # What ends so is to be gone on with.
      open=("\${(@M)lines:#*(=|\\\\:)}")
      lines=("\${(@)lines:#*(=|\\\\:)}")
      _describe -V ebill lines -- open -S '' ;;
    'files '*) _files -g "*.(\${\${kind#files }// /|})(-.)" ;;
    files) _files ;;
    folders) _files -/ ;;
  esac
}
if [[ "\${funcstack[1]}" == _ebill ]]; then
  _ebill "$@"
elif (( \${+functions[compdef]} )); then
  compdef _ebill ebill
fi
`,
  fish: `# ebill completion for fish
function __ebill_complete
  set -l words (commandline -opc)
  set -e words[1]
  set -l typed (commandline -ct)
  set -l lines (ebill completion complete fish -- $words "$typed" 2>/dev/null </dev/null)
  set -l kind $lines[1]
  set -e lines[1]
  # fish completes files for a command it knows nothing of.
  switch "$kind"
    case 'files *'
      set -l all (complete -C "__ebill_no_such_command $typed")
      set -l ends (string replace -a ' ' '|' -- (string sub -s 7 -- $kind))
      set -l fitting (string match -ri -- '^[^\\t]*(?:/|\\.(?:'$ends'))(?:\\t.*)?$' $all)
      # None of the kind: any file.
      test (count $fitting) -gt 0 && set all $fitting
      string join \\n -- $all
    case files
      complete -C "__ebill_no_such_command $typed"
    case folders
      complete -C "__ebill_no_such_command $typed" | string match -r '.*/$'
    case '*'
      string join \\n -- $lines
  end
end
complete -c ebill -f -k -a '(__ebill_complete)'
`,
  powershell: `# ebill completion for PowerShell
Register-ArgumentCompleter -Native -CommandName ebill -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
    ForEach-Object { if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { $_.Extent.Text } })
  $encoding = [Console]::OutputEncoding
  try {
    [Console]::OutputEncoding = [System.Text.Encoding]::UTF8
    # The mark keeps an empty word from being lost on its way.
    $lines = @(ebill completion complete powershell -- @words "=$wordToComplete" 2>$null)
  } catch {
    return
  } finally {
    [Console]::OutputEncoding = $encoding
  }
  # Without a word of ours PowerShell completes files by itself.
  if ($lines.Count -gt 0 -and $lines[0] -eq 'words') {
    $lines | Select-Object -Skip 1 | ForEach-Object {
      $text, $value, $about = $_ -split "\`t"
      [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $about)
    }
  }
}
`,
};
