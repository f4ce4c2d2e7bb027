#!/usr/bin/env python3
"""The commands of gdb, in the real gdb: gdb_test.py TOOL CORPORA. Exit code 125: no gdb is here."""
import re
import shutil
import subprocess
import sys
import time

tool, corpora = sys.argv[1], sys.argv[2]
if shutil.which("gdb") is None:
    print("skipped: no gdb is here")
    sys.exit(125)
blog = corpora + "/repros/hunts/blog-shrunk.weave"
failures = []


def expect(holds, what, output=""):
    if not holds:
        failures.append(what)
        print("FAILED: " + what + "\n" + output)


def gdb(*commands, file=blog):
    words = [tool, "replay", file, "--gdb"]
    for command in commands:
        words += ["--ex", command]
    begin = time.monotonic()
    result = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False)
    return result.stdout, time.monotonic() - begin


output, _ = gdb("reweave tasklets", "reweave channels")
expect("step 10: 0.1 at callback" in output, "it stops where the finding is, and says where that is", output)
expect(re.search(r"\* 0\.1  is current\n +#0  callback", output) is not None, "the current tasklet's innermost call", output)
expect("receive_one.1 (recv)" in output and "receiver.1 (hcall)" in output, "and its callers", output)
expect(re.search(r"  0  .*\n +#0  main\.6 \(runall\)", output) is not None, "the calls of one that is sliced away", output)
expect("v1 is under way to 0.1" in output, "the value under way", output)

output, _ = gdb("reweave back", "reweave back", "reweave step", "reweave until 3", "reweave until 9", "reweave until 99")
steps = [int(step) for step in re.findall(r"^step (\d+)", output, re.M)]
expect(steps == [10, 9, 8, 9, 3, 9], f"back, step and until stop where they say: {steps}", output)
expect("ended before step 99" in output, "beyond the end it has ended", output)

# At each step the backtrace of each tasklet, from the innermost call to the outermost, as the scenario says: main makes
# the others in its steps 2 and 3 and runs them in step 6; the receiver waits in a call; the sender dies in the callback.
WAITS = ["main.6 (runall)"]
RECEIVES = ["receive_one.1 (recv)", "receiver.1 (hcall)"]
BACKTRACES = {
    1: {"0": ["main.1 (pref)"]},
    2: {"0": ["main.2 (spawn)"]},
    3: {"0": ["main.3 (spawn)"], "0.1": ["receiver"]},
    4: {"0": ["main.4 (weakref)"], "0.1": ["receiver"], "0.2": ["sender"]},
    5: {"0": ["main.5 (drop)"], "0.1": ["receiver"], "0.2": ["sender"]},
    6: {"0": ["main.6 (runall)"], "0.1": ["receiver"], "0.2": ["sender"]},
    7: {"0": WAITS, "0.1": ["receiver.1 (hcall)"], "0.2": ["sender"]},
    8: {"0": WAITS, "0.1": RECEIVES, "0.2": ["sender"]},
    9: {"0": WAITS, "0.1": RECEIVES, "0.2": ["sender.1 (send)"]},
    10: {"0": WAITS, "0.1": ["callback.1 (rec)", *RECEIVES]},
}


def backtraces(output, step):
    """Of each tasklet, as the last list in `output` shows them."""
    shown, calls = {}, None
    for line in output[output.rindex(f"step {step}: "):].splitlines():
        if tasklet := re.match(r"[* ] ([\d.]+)  \w", line):
            calls = shown.setdefault(tasklet[1], [])
        elif (call := re.match(r" +#(\d+)  (.*)", line)) and calls is not None:
            expect(int(call[1]) == len(calls), f"calls are numbered from 0: {line}", output)
            calls.append(call[2])
    return shown


for step, expected in BACKTRACES.items():
    output, _ = gdb(f"reweave until {step}", "reweave tasklets")
    shown = backtraces(output, step)
    expect(shown == expected, f"the backtraces at step {step}: {shown}", output)

# Each step back runs the program again to the step before, in the same gdb.
long = corpora + "/repros/hunts/noisy.weave"
_, one = gdb("reweave back", file=long)
output, eleven = gdb(*["reweave back"] * 11, file=long)
steps = [int(step) for step in re.findall(r"^step (\d+)", output, re.M)]
expect(steps == list(range(steps[0], steps[0] - 12, -1)), f"eleven steps back: {steps}", output)
print(f"ten steps back: {eleven - one:.2f} s")
expect(eleven - one < 8, "going back takes little time", "")
if failures:
    print(f"{len(failures)} failed")
sys.exit(1 if failures else 0)
