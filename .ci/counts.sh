# For the scripts beside it, which source it: goes to the top of the tree, and adds up the counts of the runs of tests.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# One compiler for all projects: a new one for each takes three times as long. It is sent away at the end.
export UseSharedCompilation=true

if ! command -v dotnet >/dev/null; then
  echo "The .NET SDK of global.json is needed; install it and run again." >&2
  exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0 failed=0 skipped=0 status=0

# Says how long the last step took; the whole has 25 minutes.
since=0
took() { # name
  echo "($1: $((SECONDS - since)) s, $SECONDS s since the start.)"
  since=$SECONDS
}

# Adds the counts of one run; one that ended without counts, or without success, is a failure.
add() { # name, exit code, passed, failed, skipped
  passed=$((passed + ${3:-0})) skipped=$((skipped + ${5:-0}))
  if [ "$2" -ne 0 ] || [ "${3:-0}" -eq 0 ]; then
    status=1
    failed=$((failed + (${4:-0} > 0 ? ${4:-0} : 1)))
    echo "Failed: $1 (exit code $2, ${3:-0} passed, ${4:-0} failed)." >&2
  fi
  took "$1"
}

# Runs a command whose end is a failure of the whole, and no test.
step() { # what its end without success means, command
  local meaning=$1
  shift
  if ! "$@"; then
    echo "$meaning" >&2
    status=1
    return 1
  fi
  took "$1${2:+ $2}"
}

# Runs the test program, or a command that ends in it, and adds the counts of its last line.
run_tests() { # name, command
  local name=$1 code all errors failures skips
  shift
  echo "Running $name:"
  "$@" 2>&1 | tee "$log"
  code=${PIPESTATUS[0]}
  all=$(sed -nE 's/.*Total: ([0-9]+),.*/\1/p' "$log" | tail -n 1)
  errors=$(total Errors) failures=$(total Failed) skips=$(total Skipped)
  failures=$((${errors:-0} + ${failures:-0})) skips=${skips:-0}
  add "$name" "$code" "$((${all:-0} - failures - skips))" "$failures" "$skips"
}
total() { sed -nE "s/.*Total: .*$1: ([0-9]+).*/\1/p" "$log" | tail -n 1; }

# The last line, and the exit code of the script.
finish() {
  dotnet build-server shutdown --vbcscompiler >/dev/null 2>&1
  echo "$passed passed, $failed failed, $skipped skipped"
  exit "$status"
}
