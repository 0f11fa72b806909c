# Sourced by the other tools: finds out what a task needs, says what is missing, installs it.
#
#     need build tests        # purposes, from the list below
#
# Debian 12 and 13 are what this is tested on; elsewhere it names the packages and goes on.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { printf '== %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

packages_for() {
    case $1 in
        build)  echo g++ cmake ninja-build pkg-config liburing-dev libfmt-dev ;;
        tests)  echo doctest-dev python3 binutils xfsprogs curl wrk socat ;;
        pelcp)  echo libcli11-dev libxxhash-dev nlohmann-json3-dev ;;
        http)   # llhttp is a package of its own since Debian 13
                case $(. /etc/os-release && echo "${VERSION_ID:-}") in
                    12) echo node-llhttp ;;
                    *) echo libllhttp-dev ;;
                esac ;;
        bench)  echo libcli11-dev nlohmann-json3-dev libasio-dev iproute2 ;;
        clang)  echo clang-19 libclang-rt-19-dev ;;
        style)  echo clang-format-19 clang-tidy-19 ;;
        kernels) echo qemu-system-x86 busybox-static cpio kmod xz-utils e2fsprogs ;;
        nfs)    echo nfs-kernel-server ;;
        sample) echo diffutils findutils coreutils ;;
        *)      die "no packages are known for $1" ;;
    esac
}

# A package is there when dpkg calls it installed; anything else (removed, unknown) is not.
is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "this needs root or sudo: $*"
    fi
}

need() {
    local purpose package missing=()
    local all=()
    for purpose in "$@"; do
        read -ra wanted <<<"$(packages_for "$purpose")"
        all+=("${wanted[@]}")
    done

    local name id version
    # shellcheck disable=SC1091
    name=$(. /etc/os-release && echo "${PRETTY_NAME:-this system}")
    id=$(. /etc/os-release && echo "${ID:-unknown}")
    version=$(. /etc/os-release && echo "${VERSION_ID:-}")
    if [ "$id" != debian ] || ! command -v dpkg-query >/dev/null; then
        say "not tested on $name; if the build does not find something, install what Debian calls:"
        say "    ${all[*]}"
        return
    fi
    case $version in
        12 | 13) ;;
        *) say "not tested on $name, only on Debian 12 and 13" ;;
    esac

    for package in "${all[@]}"; do
        if ! is_installed "$package" && [[ " ${missing[*]-} " != *" $package "* ]]; then
            missing+=("$package")
        fi
    done
    if [ ${#missing[@]} = 0 ]; then
        return
    fi
    say "installing: ${missing[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update >&2
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -y --no-install-recommends install "${missing[@]}" >&2
}

# Configures and builds a preset, or one target of it. All it says goes to stderr, so that a tool's
# output is its own, and it says nothing when there is nothing to do.
build() {
    local preset=$1 target=${2:-all} log=build/$1.log
    mkdir -p build
    if [ ! -f "build/$preset/build.ninja" ]; then
        say "configuring preset $preset"
        cmake --preset "$preset" >"$log" 2>&1 || { cat "$log" >&2; return 1; }
    fi
    cmake --build --preset "$preset" --target "$target" 2>&1 | tee "$log" | announce "$preset" ||
        { say "the build failed; all of it is in $log"; return 1; }
}

# Says once that something is built, and passes on whatever is not ninja's progress.
announce() {
    local line said=
    while IFS= read -r line; do
        case $line in
            '['*/*']'*Building* | '['*/*']'*Linking*)
                [ "$said" ] || say "building preset $1"
                said=yes ;;
            '['*/*']'* | --* | ninja:*'no work'*) ;;
            *) printf '%s\n' "$line" >&2 ;;
        esac
    done
}
