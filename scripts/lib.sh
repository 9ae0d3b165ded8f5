# shellcheck shell=bash
# What the scripts and the tests that start ranks have in common. To be sourced.

say() { printf '%s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

# Cores that mpirun counts as slots: real ones, not hardware threads.
physical_cores() {
  local cores=0
  if command -v lscpu >/dev/null; then
    cores=$(lscpu -p=CORE,SOCKET 2>/dev/null | grep -v '^#' | sort -u | wc -l)
  fi
  if [ "$cores" -gt 0 ]; then echo "$cores"; else nproc; fi
}

# run_ranks N COMMAND...: mpirun on this machine. What it sets is set for that mpirun alone.
run_ranks() {
  local ranks=$1
  shift
  local environment=() flags=()
  if [ "$(id -u)" -eq 0 ]; then
    environment+=(OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1)
  fi
  if [ "$ranks" -gt "$(physical_cores)" ]; then flags+=(--oversubscribe); fi
  if [ -n "${LSAN_OPTIONS:-}" ]; then
    # Open MPI unloads its plugins; only a full unwind tells what they leak from what we leak.
    environment+=("ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}fast_unwind_on_malloc=0")
  fi
  env "${environment[@]}" mpirun "${flags[@]}" -np "$ranks" "$@"
}
