# Completion of ann for bash.
_ann() {
  local line=${COMP_LINE:0:COMP_POINT} word=${COMP_WORDS[COMP_CWORD]} IFS=$'\n'
  line=${line#* }
  COMPREPLY=($(compgen -W "$(ann "[suggest:${#line}]" "$line" 2>/dev/null)" -- "$word"))
}
complete -o default -o bashdefault -F _ann ann
