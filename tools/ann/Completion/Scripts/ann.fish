# Completion of ann for fish.
function __ann_suggest
    set -l line (string replace -r '^\s*\S+\s' '' -- (commandline -cp))
    ann "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
end
complete -c ann -a '(__ann_suggest)'
