#!/usr/bin/env python3
"""Does what repro/explain/transcripts.md shows, and holds the page to it.

    transcripts.py TOOL CHECKOUT [--update]

Three findings, each with all commands of the desk: the post's bug, two locks that are taken in two orders, a lost wake-up of a C++
program. Each command runs in one folder, with what those before it wrote; its output goes to the page as it is, but for addresses,
numbers of processes and what gdb says of itself. Exit code 0: the page is as it should be, or was renewed; 1: not so; 125: no gdb is here.
"""
import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

LOCKS = """weave 1
channel done
lock accounts
lock journal
function main
  spawn transfer -
  spawn report -
  recv done
  recv done
end
function transfer
  lock accounts
  lock journal
  unlock journal
  unlock accounts
  send done
end
function report
  lock journal
  lock accounts
  unlock accounts
  unlock journal
  send done
end
"""

INTRO = """# Three findings at the desk

What each command of the desk says of three findings: the bug that Reweave began with, two locks that are taken in two orders, and a
lost wake-up of a C++ program. `tests/repro/explain/transcripts.py` runs every command of this page and compares; where a line was left
out stands `…`. Addresses and numbers of processes are shown as `0x…` and `N`.
"""

# Of each finding: its title, what is to be said, the files, the commands. ("gdb", [commands of gdb], FILE) is a session of gdb.
FINDINGS = [
    ("The post's bug: a value that `receive()` was about to return is wiped",
     "`blog.weave` is the scenario of the post; the profile switches on the bugs that its interpreter had.",
     {},
     ["reweave hunt blog.weave --profile stackless-2012-A --seed 1 --output found",
      "reweave shrink found/*.weave --output small.weave",
      "cat small.weave",
      "reweave replay small.weave",
      "reweave explain small.weave",
      "reweave explain small.weave --format markdown",
      "reweave replay small.weave --trace",
      "reweave replay small.weave --timeline timeline.json",
      "reweave view small.weave --output view.html",
      "reweave export small.weave --to mermaid",
      "reweave replay small.weave --defects none",
      ("gdb", ["reweave where", "reweave tasklets", "reweave channels", "reweave back 2", "reweave tasklets"], "small.weave")]),
    ("Two locks in two orders, in a scenario",
     "",
     {"accounts.weave": LOCKS},
     ["reweave hunt accounts.weave --seed 1 --output found",
      "reweave shrink found/*.weave --output small.weave --schedule-only",
      "reweave explain small.weave",
      "reweave explain small.weave --format markdown",
      "reweave replay small.weave --trace",
      "reweave view small.weave --output view.html",
      "reweave export small.weave --to python",
      "reweave export small.weave --to dot",
      ("gdb", ["reweave where", "reweave tasklets", "reweave channels"], "small.weave")]),
    ("A lost wake-up of a C++ program",
     "",
     {"lost_wakeup.cc": None},
     ["reweave-c++ -std=c++20 -O1 -g lost_wakeup.cc -o lost_wakeup",
      "reweave hunt --seed 1 --output found -- ./lost_wakeup",
      "reweave shrink found/*.weave --output small.weave",
      "cat small.weave",
      "reweave explain small.weave",
      "reweave explain small.weave --format markdown",
      "reweave replay small.weave --trace",
      "reweave replay small.weave --timeline timeline.json",
      "reweave view small.weave --output view.html",
      "reweave export small.weave --to mermaid",
      "reweave export small.weave --to c++",
      ("gdb", ["reweave where", "reweave threads", "reweave locks", "reweave back"], "small.weave")]),
]

LINES_MAX = 70
# What gdb says of itself.
QUIET = ("[Inferior", "[Detaching", "Thread ", "Using host", "[Thread", "Program received signal SIGTRAP", "0x", "Kill the program")


def plain(text):
    """Without what differs from run to run, or from machine to machine."""
    text = re.sub(r"0x[0-9a-f]{6,}", "0x…", text)
    text = re.sub(r"\bprocess \d+", "process N", text)
    text = re.sub(r"(build(?:-id)?[ :]+)[0-9a-f]{16,}", r"\1…", text)
    text = re.sub(r"(hash|trace) [0-9a-f]{16}", r"\1 …", text)
    text = re.sub(r"\d+\.\d+ s\b", "… s", text)
    return "\n".join(line.rstrip() for line in text.splitlines())


def shortened(text):
    lines = text.splitlines()
    if len(lines) <= LINES_MAX:
        return text
    return "\n".join(lines[: LINES_MAX // 2] + ["…"] + lines[-LINES_MAX // 2:])


def run(words, folder, environment):
    """Words, or a line for the shell; what it printed, without the folders of this machine."""
    if isinstance(words, str):
        words = ["bash", "-c", words]
    done = subprocess.run(words, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=300, check=False)
    text = done.stdout.decode(errors="replace")
    for place in (str(folder), environment["PATH"].split(":")[0]):
        text = text.replace(place + "/", "")
    return done.returncode, text


def session_of_gdb(commands, repro, folder, environment):
    words = ["reweave", "replay", repro, "--gdb", "--ex", "set pagination off"]
    for command in commands:
        words += ["--ex", "echo (gdb) %s\\n" % command, "--ex", command]
    _, text = run(words + ["--ex", "kill", "--ex", "quit"], folder, environment)
    lines = text.splitlines()
    first = next((at for at, line in enumerate(lines) if line.startswith("(gdb) ")), 0)
    return "\n".join(line for line in lines[first:] if not line.startswith(QUIET))


def page_of(tool, checkout, scratch):
    environment = dict(os.environ, PATH="%s:%s" % (tool, os.environ["PATH"]), NO_COLOR="1", COLUMNS="120", TERM="dumb", LC_ALL="C.UTF-8")
    out = [INTRO]
    for number, (title, says, files, commands) in enumerate(FINDINGS):
        folder = scratch / str(number)
        folder.mkdir()
        out.append("## %s\n" % title)
        if says:
            out.append(says + "\n")
        if number == 0:
            shutil.copy(checkout / "corpora/scenarios/blog.weave", folder)
        for name, text in files.items():
            if text is None:
                text = (checkout / "tests/demo" / name).read_text()
            (folder / name).write_text(text)
            out.append("`%s`:\n\n```%s\n%s```\n" % (name, "cpp" if name.endswith(".cc") else "", text))
        for command in commands:
            if isinstance(command, tuple):
                _, typed, repro = command
                text = session_of_gdb(typed, repro, folder, environment)
                out.append("```\n$ reweave replay %s --gdb\n%s\n```\n" % (repro, shortened(plain(text))))
                continue
            code, text = run(command, folder, environment)
            ends = "" if code == 0 else "  # exit %d" % code
            out.append("````\n$ %s%s\n%s\n````\n" % (command, ends, shortened(plain(text))))
    return "\n".join(out)


def main():
    if shutil.which("gdb") is None:
        print("skipped: no gdb is here")
        return 125
    tool, checkout = (pathlib.Path(each).resolve() for each in sys.argv[1:3])
    page = checkout / "repro/explain/transcripts.md"
    with tempfile.TemporaryDirectory() as scratch:
        text = page_of(tool.parent, checkout, pathlib.Path(scratch))
    if "--update" in sys.argv[3:]:
        page.write_text(text)
        return 0
    if page.read_text() == text:
        return 0
    sys.stdout.writelines(difflib.unified_diff(page.read_text().splitlines(True), text.splitlines(True), str(page), "what is printed now"))
    print("after a look: %s %s %s --update" % (sys.argv[0], sys.argv[1], sys.argv[2]))
    return 1


if __name__ == "__main__":
    sys.exit(main())
