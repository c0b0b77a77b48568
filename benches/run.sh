#!/usr/bin/env bash
# What exo and other wrappers add to a command, whole process, run in turn. Prints, never asserts.
#
#   benches/run.sh                               300 rounds of `true`
#   benches/run.sh --rounds 1000
#   benches/run.sh --loads true,git,cc,python    the other loads run a tenth of the rounds
#   benches/run.sh --exo /path/to/exo            another build (default: the release build, made if it is missing)
#
# exo works with configuration and ledger in a temporary folder of its own; yours are not touched.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
here=$PWD
rounds=300 loads=true exo=
while (($#)); do
    case $1 in
        --rounds) rounds=${2:?--rounds needs a number} && shift 2 ;;
        --loads) loads=${2:?--loads needs names} && shift 2 ;;
        --exo) exo=$(realpath "${2:?--exo needs a path}") && shift 2 ;;
        *) printf 'benches/run.sh: unknown argument `%s`; see the head of this file\n' "$1" >&2 && exit 2 ;;
    esac
done
if [[ -z $exo ]]; then
    # The same build as install.sh makes.
    host=$(rustc -vV | sed -n 's/^host: //p')
    target=${CARGO_TARGET_DIR:-$here/target}
    RUSTFLAGS="-C target-feature=+crt-static" \
        cargo build --release --locked --quiet --target "$host" --target-dir "$target"
    exo=$target/$host/release/exo
fi

# Not below /tmp or /var/tmp: a home in there is granted around, which costs more (docs/design/deviations.md).
work=$(mktemp -d "$HOME/.exo-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
# HOME stays: an empty one would not show what the toolchains in it cost.
export XDG_CONFIG_HOME=$work/config XDG_STATE_HOME=$work/state
unset EXO_AGENT EXO_SESSION
repo=$work/repo
mkdir -p "$work/bin" "$repo"
cp "$exo" "$work/bin/exo"
PATH=$work/bin:$PATH
cd "$repo"
git -c init.defaultBranch=main init -q
git config user.name bench
git config user.email bench@localhost
for i in {1..50}; do
    mkdir "d$i"
    for j in {1..20}; do printf '%s\n' "$i $j" >"d$i/f$j.txt"; done
done
printf '#include <stdio.h>\nint main(void) { puts("x"); return 0; }\n' >a.c
git add -A
git commit -qm first
exo init >/dev/null

declare -A load=(
    [true]="/bin/true"
    [git]="git status --porcelain"
    [cc]="cc -O0 -o $repo/a.out $repo/a.c"
    [python]="/usr/bin/python3 -c 'print(1)'"
)
# The whole system readable, no network; where the load writes, the repository as well. coding-agent has less.
declare -A wrap=(
    [exo]="exo run --as coding-agent --"
    [bwrap]="bwrap --unshare-all --ro-bind / / --dev /dev --proc /proc"
    [firejail]="firejail --quiet --noprofile --"
    [sudo]="sudo -n --"
)
declare -A package=([bwrap]=bubblewrap [firejail]=firejail [sudo]=sudo)

printf 'machine   %s, %s processors, kernel %s, load %s\n' \
    "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" "$(uname -r)" "$(cut -d' ' -f1 /proc/loadavg)"
printf 'exo       %s, %s KiB, %s\n' "$(exo --version)" "$(($(stat -c %s "$exo") / 1024))" \
    "$(ldd "$exo" 2>&1 | grep -q '=>' && echo dynamic || echo static)"
names=(exo)
for name in bwrap firejail sudo; do
    if command -v "$name" >/dev/null; then
        names+=("$name")
    else
        printf 'missing   %s; apt-get install %s\n' "$name" "${package[$name]}"
    fi
done

IFS=, read -ra wanted <<<"$loads"
for name in "${wanted[@]}"; do
    command=${load[$name]:-}
    if [[ -z $command ]]; then
        printf 'benches/run.sh: no load `%s`; there are: %s\n' "$name" "${!load[*]}" >&2
        exit 2
    fi
    n=$rounds
    [[ $name == true ]] || n=$((rounds / 10 > 20 ? rounds / 10 : 20))
    all=("bare=$command")
    for w in "${names[@]}"; do
        with=${wrap[$w]}
        [[ $w$name == bwrapcc ]] && with+=" --bind $repo $repo"
        all+=("$w=$with $command")
    done
    printf '\n### %s: `%s`\n\n' "$name" "${command//$work/…}"
    python3 "$here/benches/interleave.py" --rounds "$n" "${all[@]}"
done
printf '\nledger of the exo runs: '
exo audit verify | tail -n 1
