#compdef ann
# Completion of ann for zsh.
_ann() {
  local line="${BUFFER[1,CURSOR]#* }"
  local -a found
  found=("${(@f)$(ann "[suggest:${#line}]" "$line" 2>/dev/null)}")
  [[ -n "$found[1]" ]] && compadd -- "${found[@]}"
  _files
}
if [[ "$funcstack[1]" == _ann ]]; then _ann "$@"; else compdef _ann ann; fi
