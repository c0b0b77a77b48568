#!/usr/bin/env bash
# Runs every test of exo, and first installs from Debian what they need and this machine lacks.
#
#   tests/run.sh            everything
#   tests/run.sh NAME…      only tests whose name contains one of the words
#
# As root it also runs the tests that drive the program once more as an ordinary user. A test that cannot run here says
# why, and the lines are shown at the end; with EXO_TEST_STRICT=1 (CI) such a test fails instead.
# Exit codes: 0 all passed, 1 a test failed, 2 the tests could not be run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

stop() {
    printf 'tests/run.sh: %s\n' "$*" >&2
    exit 2
}
step() { printf '\n== %s\n' "$*"; }

[[ -n ${HOME:-} ]] || HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
export HOME
case ":$PATH:" in
    *":${CARGO_HOME:-$HOME/.cargo}/bin:"*) ;;
    *) PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin ;;
esac
command -v cargo >/dev/null || stop "no cargo on PATH; ./install.sh says how to get it"

# --- what the tests use, and the Debian package it comes from ------------------------------------------

packages=()
while read -r program package; do
    command -v "$program" >/dev/null || packages+=("$package")
done <<'NEEDED'
cc gcc
git git
make make
python3 python3
script bsdutils
setpriv util-linux
ps procps
NEEDED
# The C library's headers come with libc6-dev, which gcc only recommends.
[[ -e /usr/include/stdio.h ]] || packages+=(libc6-dev)
if ((${#packages[@]})); then
    step "installing ${packages[*]}"
    command -v apt-get >/dev/null || stop "no apt-get here; install these by hand: ${packages[*]}"
    sudo=()
    if ((EUID != 0)); then
        command -v sudo >/dev/null || stop "run as root, or first: apt-get install -y ${packages[*]}"
        sudo=(sudo)
    fi
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}"
fi

# --- running and counting ---------------------------------------------------------------------------------

# Not below /tmp as root: the homes in it are no temporary files to exo, and profiles open /tmp.
base=${TMPDIR:-/tmp}
if ((EUID == 0)); then base=/srv; fi
work=$(mktemp -d "$base/exo-tests.XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 0755 "$work"
export EXO_TEST_SKIPS=$work/skips
: >"$EXO_TEST_SKIPS"
chmod 0666 "$EXO_TEST_SKIPS"

table=()
failed=0
# counted LABEL COMMAND…: runs it, shows what it prints, adds a line with its counts to the table.
counted() {
    local label=$1 log=$work/log code=0 counts
    shift
    step "$label"
    "$@" 2>&1 | tee "$log" || code=$?
    # Both runners' summaries; nextest colours its own even into a pipe when it is told to.
    counts=$(sed 's/\x1b\[[0-9;]*m//g' "$log" | awk '
        /^test result:/ { for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) p += $(i-1); if ($i ~ /^failed/) f += $(i-1); if ($i ~ /^ignored/) s += $(i-1) } }
        /^ *Summary \[/ { for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) p += $(i-1); if ($i ~ /^failed/) f += $(i-1) } }
        END { printf "%d passed, %d failed, %d ignored", p, f, s; exit !(p + f) }') ||
        counts="no test ran"
    if ((code)); then
        failed=1
        counts+=" (exit code $code)"
    fi
    table+=("$(printf '%-44s %s' "$label" "$counts")")
}

runner=(cargo test --locked)
whole=("${runner[@]}" --no-fail-fast --lib --bins --tests)
if cargo nextest --version >/dev/null 2>&1; then
    whole=(cargo nextest run --locked --no-fail-fast --status-level fail --final-status-level fail)
fi
me=$(id -un 2>/dev/null || id -u)
words=("$@")

counted "all tests, as $me" "${whole[@]}" "${words[@]}"
if ((${#words[@]} == 0)); then
    counted "examples in the documentation" "${runner[@]}" --doc
fi

# Crash tests stop the program at named points, which a build has only with this feature.
crash=()
while read -r file; do
    crash+=(--test "$(basename "$file" .rs)")
done < <(grep -l 'feature = "fail-points"' tests/*.rs || true)
if ((${#crash[@]})); then
    counted "crash tests, as $me" "${runner[@]}" --no-fail-fast --features fail-points "${crash[@]}" -- "${words[@]}"
fi

# --- the same as an ordinary user ---------------------------------------------------------------------------

# as_user COMMAND…: as nobody, with nothing of root's environment, in a home of its own. Not strict: what only root can
# do was done above.
as_user() {
    setpriv --reuid=65534 --regid=65534 --clear-groups env -i \
        PATH="$PATH" HOME="$work/home" TMPDIR="$work/tmp" USER=nobody LOGNAME=nobody LANG=C.UTF-8 \
        EXO_TEST_SKIPS="$EXO_TEST_SKIPS" "$@"
}
# Builds the tests and prints the paths of those that drive the program (tests/*.rs).
built() {
    "${runner[@]}" --no-run --message-format=json "$@" | python3 -c '
import json, sys
for line in sys.stdin:
    m = json.loads(line)
    if m.get("executable") and m["profile"]["test"] and m["target"]["kind"] == ["test"]:
        print(m["executable"])'
}
run_built() {
    local program code=0
    for program in "${programs[@]}"; do
        printf '\n     Running %s\n' "$(basename "$program")"
        as_user "$program" --test-threads=2 "${words[@]}" || code=$?
    done
    return "$code"
}
if ((EUID == 0)); then
    mkdir -p "$work/home" "$work/tmp"
    chown 65534:65534 "$work/home" "$work/tmp"
    chmod 0700 "$work/home" "$work/tmp"
    target=${CARGO_TARGET_DIR:-$PWD/target}
    if ! as_user test -r "$PWD/Cargo.toml" -a -x "$target/debug/exo"; then
        # A clone under /root is out of reach for others: the same sources again where they can read them.
        step "building where nobody can read"
        mkdir "$work/src"
        tar --exclude=./target --exclude=./.git -cf - . | tar -C "$work/src" -xf -
        chmod -R a+rX "$work/src"
        cd "$work/src"
        export CARGO_TARGET_DIR=$work/target
    fi
    mapfile -t programs < <(built)
    ((${#programs[@]})) || stop "the tests did not build for the ordinary user"
    counted "the tests that drive exo, as nobody" run_built
    table+=("")
fi

# --- the end ------------------------------------------------------------------------------------------------

printf '\n== result\n'
if [[ -s $EXO_TEST_SKIPS ]]; then
    printf 'not run here:\n'
    sort "$EXO_TEST_SKIPS" | uniq -c | sed 's/^ */    /'
fi
printf '%s\n' "${table[@]}" | sed '/^$/d'
((EUID == 0)) || printf '%s\n' "not shown: the same as root; run tests/run.sh as root for that"
if ((failed)); then
    printf 'FAILED\n'
    exit 1
fi
printf 'all passed\n'
