#!/usr/bin/env python3
"""Runs commands in turn, round after round, and says what each adds to the first.

usage: interleave.py [--rounds N] [--against NAME] NAME=COMMAND...

Interleaved, so that what drifts on a shared machine drifts for all. A command that fails is left out and named.
Prints, never asserts.
"""
import argparse, os, shlex, statistics, time


def once(argv, null):
    """Wall milliseconds and exit code of one run, with nothing on its three descriptors."""
    actions = [(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1, 2)]
    start = time.perf_counter_ns()
    pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=actions)
    _, status = os.waitpid(pid, 0)
    return (time.perf_counter_ns() - start) / 1e6, os.waitstatus_to_exitcode(status)


def row(name, times, base, peer):
    times = sorted(times)
    median = statistics.median(times)
    p99 = times[min(len(times) - 1, len(times) * 99 // 100)]
    added = median - base
    ratio = f"{added / peer:.2f}" if peer and name != "bare" else "-"
    return f"| {name} | {len(times)} | {times[0]:.2f} | {median:.2f} | {p99:.2f} | {added:+.2f} | {ratio} |"


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--rounds", type=int, default=300)
    p.add_argument("--against", default="bwrap")
    p.add_argument("commands", nargs="+", metavar="NAME=COMMAND")
    a = p.parse_args()
    commands = {name: shlex.split(text) for name, text in (c.split("=", 1) for c in a.commands)}
    null = os.open(os.devnull, os.O_RDWR)
    times = {}
    for name, argv in commands.items():
        try:
            warm = [once(argv, null) for _ in range(3)]
        except OSError as e:
            print(f"<!-- {name} left out: {e} -->")
            continue
        if warm[-1][1] != 0:
            print(f"<!-- {name} left out: exit code {warm[-1][1]} from {shlex.join(argv)} -->")
            continue
        times[name] = []
    failed = dict.fromkeys(times, 0)
    for _ in range(a.rounds):
        for name in times:
            ms, code = once(commands[name], null)
            times[name].append(ms)
            failed[name] += code != 0
    print("| wrapper | n | min ms | median ms | p99 ms | adds to bare, median ms | ratio to " + a.against + " |")
    print("|---|---|---|---|---|---|---|")
    base = statistics.median(next(iter(times.values())))
    peer = statistics.median(times[a.against]) - base if a.against in times else 0
    for name, values in times.items():
        print(row(name, values, base, peer))
    for name, count in failed.items():
        if count:
            print(f"<!-- {name}: {count} of {a.rounds} runs failed -->")


main()
