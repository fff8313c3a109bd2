# For the scripts beside it, which source it: runs of the part of the tests that is about the engine.

# The engine's part: all that computes with vectors, and what stands on it.
engine="Distances Searching Codes Hnsw Segments Attributes Exclusions Recall Ranking Indexes Embedded Log Records Files"

# The long stories of live indexes.
stories="Indexes.LiveIndexModelTests Indexes.ChurnTests Indexes.FilteredChurnTests Indexes.HardCompactionTests"

# A run of the engine's part, but for some classes of it.
engine_part() { # name, configuration, classes to leave out, command before the program's own
  local name=$1 configuration=$2 filter=() part class
  for part in $engine; do filter+=(-namespace "Ann.Tests.$part"); done
  for class in $3; do filter+=(-class- "Ann.Tests.$class"); done
  shift 3
  run_tests "the engine's part $name" "$@" "tests/Ann.Tests/bin/$configuration/net10.0/Ann.Tests" -noLogo -noColor "${filter[@]}"
}

# Some classes are left out, for time. InstructionSetMatrixTests starts a process for each width itself, so the first run has done that
# already. LiveCrashTests cut the power of a simulated disk, where no distance decides anything. Below 256 bits the long stories of live
# indexes are left out too: their operations are slow there, and the walks under them are tested by the other classes.
narrower() { # width, switch, classes to leave out
  engine_part "at width $1" Release "Distances.InstructionSetMatrixTests Indexes.LiveCrashTests ${3:-}" \
    env -u DOTNET_EnableAVX512 -u DOTNET_EnableAVX2 -u DOTNET_EnableHWIntrinsic "$2=0" "ANN_TEST_VECTOR_WIDTH=$1"
}
