# Sourced by demo and test: sees to what building and testing need: Debian's packages, and from npm the TypeScript grammar and the
# packages of the HTML report's page. Everything else is in this repository.

die() { echo "$(basename "$0"): $*" >&2; exit 2; }

build_packages=(cmake ninja-build pkg-config libpg-query-dev libprotobuf-c-dev libpq-dev libcli11-dev
  nlohmann-json3-dev libfmt-dev libexpected-dev libyaml-cpp-dev libtomlplusplus-dev libarchive-dev zlib1g-dev libsqlite3-dev
  libcurl4-openssl-dev libmicrohttpd-dev libtree-sitter-dev)
# Tests make repositories, look at a terminal, at scripts, at the sources' format, and at the HTML report.
test_packages=(libgtest-dev git tmux shellcheck clang-format-19 chromium)
# A nodejs from elsewhere brings npm with it, and Debian's npm can't be installed beside it.
command -v npm >/dev/null || build_packages+=(nodejs npm)

installed() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

missing_packages() {
  local package
  for package in "$@"; do installed "$package" || echo "$package"; done
}

# The server and HypoPG of the version that this Debian carries; a server that is there already is taken as it is.
server_packages() {
  local version
  version=$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sed 's,.*/postgresql/\([0-9]*\)/.*,\1,' | sort -n | tail -1)
  [[ $version ]] || version=$(apt-cache depends postgresql 2>/dev/null | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -1)
  [[ $version ]] || return 0
  echo "postgresql-$version"
  apt-cache show "postgresql-$version-hypopg" >/dev/null 2>&1 && echo "postgresql-$version-hypopg"
  return 0
}

apt() { DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" >&2; }

# A package install of the server would start a cluster of its own on port 5432: not asked for, so kept from doing that.
install_server() {
  local settings=/etc/postgresql-common/createcluster.d/pgadvise.conf status=0
  installed postgresql-common || apt install -y --no-install-recommends postgresql-common || return
  mkdir -p "$(dirname "$settings")" && echo 'create_main_cluster = false' >"$settings"
  apt install -y --no-install-recommends "$@" || status=$?
  rm -f "$settings"
  return $status
}

ensure_packages() {
  command -v dpkg-query >/dev/null || die "needs Debian's packages (dpkg is not here); see README.md, Install"
  local missing server
  mapfile -t missing < <(missing_packages "${build_packages[@]}")
  if ((${#missing[@]})) || ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    if ((EUID == 0)); then apt update || die "apt-get update failed: no package lists, nothing can be installed"; fi
  fi
  mapfile -t server < <(missing_packages $(server_packages))
  if ((${#missing[@]} == 0 && ${#server[@]} == 0)); then return; fi
  ((EUID == 0)) || die "packages are missing; run as root: apt-get install --no-install-recommends ${missing[*]} ${server[*]}"
  echo "$(basename "$0"): installing ${missing[*]} ${server[*]}" >&2
  if ((${#missing[@]})); then apt install -y --no-install-recommends "${missing[@]}" || die "apt-get install failed"; fi
  if ((${#server[@]})); then install_server "${server[@]}" || die "apt-get install failed"; fi
}

# Clang 19 compiles pgadvise in six tenths of GCC's time (docs/decisions/0043-build.md). CXX names another compiler, and a build folder
# keeps the one that it was made with. Clang's sanitizers would be further packages: the preset debug is GCC's.
ensure_compiler() { # preset
  if [[ ${CXX:-} ]]; then return; fi
  if [[ $1 != debug ]]; then
    if ! command -v clang++-19 >/dev/null && ((EUID == 0)) && apt-cache show clang-19 >/dev/null 2>&1; then
      echo "$(basename "$0"): installing clang-19" >&2
      apt install -y --no-install-recommends clang-19 || echo "$(basename "$0"): clang-19 can't be installed: g++ compiles" >&2
    fi
    if command -v clang++-19 >/dev/null; then
      export CXX=clang++-19 CC=clang-19
      return
    fi
  fi
  if command -v g++ >/dev/null; then return; fi
  ((EUID == 0)) || die "a compiler is missing; run as root: apt-get install --no-install-recommends clang-19 (or g++)"
  apt install -y --no-install-recommends g++ || die "apt-get install failed"
}

# The npm packages of FOLDER/package-lock.json, whose hashes npm checks, in build/NAME for all presets. No script of a package runs.
ensure_npm_packages() { # folder name what-fails-without-them
  local folder=build/$2
  if cmp -s "$1/package-lock.json" "$folder/package-lock.json" && [[ -e $folder/node_modules/.package-lock.json ]]; then return; fi
  rm -rf "$folder"
  mkdir -p "$folder"
  cp "$1/package.json" "$1/package-lock.json" "$folder"
  (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1) || {
    cat "$folder/npm.log" >&2
    rm -rf "$folder"
    die "npm ci failed: $3"
  }
}

# The TypeScript grammar's C sources.
ensure_grammar() { ensure_npm_packages cmake/grammar grammar "without the TypeScript grammar, source can't be read"; }

# What web/ is built with.
ensure_page() { ensure_npm_packages web web "without the packages of web/, --format html can't be built"; }

build() { # preset [target…]; without a target the tests, too
  local preset=$1 target=() tests=ON unity=(-D PGADVISE_UNITY=OFF)
  shift
  if (($#)); then
    target=(--target "$@") tests=AUTO unity=()
    # A folder that was built before keeps its units: others would compile everything again.
    [[ -e build/$preset/CMakeCache.txt ]] || unity=(-D PGADVISE_UNITY=ON)
  fi
  ensure_compiler "$preset"
  ensure_grammar
  ensure_page
  cmake --preset "$preset" -D PGADVISE_TYPESCRIPT=ON -D PGADVISE_PAGE=ON -D PGADVISE_TESTS=$tests "${unity[@]}" >build.log 2>&1 || { cat build.log >&2; rm -f build.log; die "cmake failed"; }
  rm -f build.log
  cmake --build --preset "$preset" "${target[@]}" >&2 || die "the build failed"
}
