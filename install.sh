#!/bin/sh
# Builds exo and installs it for one user.
#
#   ./install.sh               build, install into ${PREFIX:-$HOME/.local}/bin
#   ./install.sh --try         then show it at work: an allowed command, a denied one, the ledger
#   ./install.sh --uninstall   remove the program; keys, ledger and profiles stay
#
# Exit codes: 0 done, 1 something is missing or a step failed, 2 wrong usage.
set -eu
unset CDPATH

say() { printf '%s\n' "$*"; }
fail() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 1
}

mode=install
for arg in "$@"; do
    case $arg in
        --try) mode=try ;;
        --uninstall) mode=uninstall ;;
        -h | --help)
            sed -n '2,8s/^# \{0,1\}//p' "$0"
            exit 0
            ;;
        *)
            say "install.sh: unknown argument \`$arg\`; there are --try, --uninstall and --help" >&2
            exit 2
            ;;
    esac
done

here=$(dirname -- "$0")
cd -- "$here"
here=$(pwd -P)

# Some services and containers start without HOME; the password file knows it.
if [ -z "${HOME:-}" ]; then
    HOME=$(getent passwd "$(id -u)" | cut -d: -f6) || HOME=
    [ -n "$HOME" ] || fail "HOME is not set and user $(id -u) has none; set HOME, or PREFIX for the program alone"
    export HOME
fi
bin=${PREFIX:-$HOME/.local}/bin

if [ "$mode" = uninstall ]; then
    if [ -e "$bin/exo" ] || [ -L "$bin/exo" ]; then
        rm -f -- "$bin/exo"
        say "removed $bin/exo"
    else
        say "nothing to remove: there is no $bin/exo"
    fi
    for left in "${XDG_CONFIG_HOME:-$HOME/.config}/exo" "${XDG_STATE_HOME:-$HOME/.local/state}/exo"; do
        [ ! -d "$left" ] || say "kept $left: the ledger is evidence; remove it by hand if you may"
    done
    exit 0
fi

# --- what is needed, all of it at once, each with its fix -------------------------------------------

apt() {
    if [ "$(id -u)" = 0 ]; then say "apt-get install -y $*"; else say "sudo apt-get install -y $*"; fi
}
missing=0
need() {
    printf 'install.sh: missing: %s\n    %s\n' "$1" "$2" >&2
    missing=1
}

[ "$(uname -s)" = Linux ] || fail "exo confines with Landlock and seccomp, which are Linux; this is $(uname -s)"

# rustup puts its programs here, and a login shell that was not restarted does not know.
case ":$PATH:" in
    *":${CARGO_HOME:-$HOME/.cargo}/bin:"*) ;;
    *) [ ! -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ] || PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin ;;
esac
want=$(sed -n 's/^rust-version = "\([0-9.]*\)"$/\1/p' Cargo.toml)
rustup_line="curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal"
if ! command -v cargo >/dev/null 2>&1 || ! command -v rustc >/dev/null 2>&1; then
    need "cargo and rustc $want or newer" "$rustup_line"
else
    have=$(rustc --version 2>/dev/null | sed -n 's/^rustc \([0-9]*\.[0-9]*\).*/\1/p')
    if [ -z "$have" ] || ! cargo --version >/dev/null 2>&1; then
        # rustup's own commands are there without a toolchain behind them.
        need "a Rust toolchain that runs: \`rustc --version\` failed" "rustup default stable"
    # Both are 1.x; the minor number decides.
    elif [ "${have#*.}" -lt "${want#*.}" ]; then
        if command -v rustup >/dev/null 2>&1; then
            need "rustc $want or newer, this is $have" "rustup update stable"
        else
            need "rustc $want or newer, this is $have (Debian's is too old)" "$rustup_line"
        fi
    fi
fi
# SQLite is compiled in, and the program is linked statically: a compiler and the static libc.
if ! command -v cc >/dev/null 2>&1; then
    need "a C compiler" "$(apt gcc libc6-dev)"
else
    probe=$(mktemp -d)
    say 'int main(void){return 0;}' >"$probe/p.c"
    cc -static -o "$probe/p" "$probe/p.c" >/dev/null 2>&1 ||
        need "the C library for static linking" "$(apt libc6-dev)"
    rm -rf -- "$probe"
fi
if [ "$mode" = try ] && ! command -v git >/dev/null 2>&1; then
    need "git, for the demonstration" "$(apt git)"
fi

# Landlock came with 5.13, and has to be among the security modules that were started.
landlock=yes
if [ -r /sys/kernel/security/lsm ]; then
    grep -q landlock /sys/kernel/security/lsm || landlock=no
else
    release=$(uname -r)
    major=${release%%.*}
    rest=${release#*.}
    minor=${rest%%[!0-9]*}
    if [ "$major" -lt 5 ] || { [ "$major" -eq 5 ] && [ "${minor:-0}" -lt 13 ]; }; then landlock=no; fi
fi
if [ "$landlock" = no ]; then
    fix="a kernel of 5.13 or newer, started with \`lsm=landlock,…\` (Debian: GRUB_CMDLINE_LINUX in /etc/default/grub, then update-grub)"
    if [ "$mode" = try ]; then
        need "Landlock in this kernel ($(uname -r))" "$fix"
    else
        say "install.sh: warning: this kernel ($(uname -r)) has no Landlock: exo can check and audit here, but runs nothing. It takes" >&2
        say "    $fix" >&2
    fi
fi
[ "$missing" = 0 ] || fail "nothing was built; run the lines above, then ./install.sh again"

mkdir -p -- "$bin" 2>/dev/null || fail "cannot make $bin; set PREFIX to a folder that you can write"
[ -w "$bin" ] || fail "cannot write into $bin; set PREFIX to a folder that you can write"

# --- build and install ----------------------------------------------------------------------------

host=$(rustc -vV | sed -n 's/^host: //p')
target=${CARGO_TARGET_DIR:-$here/target}
say "building exo for $host (a first build takes one to two minutes)"
# With --target the flag reaches exo and its crates, not the build scripts.
RUSTFLAGS="${RUSTFLAGS:+$RUSTFLAGS }-C target-feature=+crt-static" \
    cargo build --release --locked --target "$host" --target-dir "$target" ||
    fail "the build failed; the lines above say where"

# A new file under the old name: a running exo keeps the one it started from.
new=$bin/.exo.$$
trap 'rm -f -- "$new"' EXIT
trap 'exit 1' HUP INT TERM
cp -- "$target/$host/release/exo" "$new"
chmod 0755 "$new"
mv -f -- "$new" "$bin/exo"
say "installed $bin/exo ($("$bin/exo" --version), $(($(wc -c <"$bin/exo") / 1024)) KiB)"

case ":$PATH:" in
    *":$bin:"*) ;;
    *)
        say "$bin is not on your PATH; add it:"
        # The dollar sign is for the reader's shell.
        # shellcheck disable=SC2016
        say '    export PATH="'"$bin"':$PATH"'
        ;;
esac
[ "$mode" = try ] || exit 0
# The one that was just installed, whatever else is on PATH.
PATH=$bin:$PATH
export PATH

# --- show it at work --------------------------------------------------------------------------------

repo=$(mktemp -d)
trap 'rm -rf -- "$repo"' EXIT
git -C "$repo" -c init.defaultBranch=main init -q
say 'print("hello from the agent")' >"$repo/hello.py"
git -C "$repo" add hello.py
git -C "$repo" -c user.name=exo -c user.email=exo@localhost commit -qm 'First file'
cd "$repo"

wrong=0
# show CODE COMMAND…: prints the command, runs it, and minds whether it ended with the code it should.
show() {
    expected=$1
    shift
    printf '\n$'
    for word in "$@"; do
        case $word in
            *[!A-Za-z0-9_./:=-]*) printf " '%s'" "$word" ;;
            *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    code=0
    "$@" || code=$?
    [ "$code" = 0 ] || say "(exit code $code)"
    if [ "$code" != "$expected" ]; then
        say "install.sh: expected exit code $expected" >&2
        wrong=1
    fi
}
say
say "exo at work, in a fresh repository $repo:"
show 0 exo init
show 0 exo run --as coding-agent -- git log --oneline
show 0 exo run --as coding-agent -- sh -c 'echo "- looked around" > notes.md && ls'
show 126 exo run --as coding-agent -- rm -rf /
show 0 exo audit list
show 0 exo audit verify
say
[ "$wrong" = 0 ] || fail "something did not go as it should; \`exo doctor\` says what this machine can do"
say "exo works here. Next: \`exo doctor\`, and README.md"
