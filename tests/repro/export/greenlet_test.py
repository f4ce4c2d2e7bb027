#!/usr/bin/env python3
"""Scripts for greenlet do what the scenario does here: greenlet_test.py TOOL [CASES]. Exit code 125: no greenlet is here.

Random scenarios of the operations that such a script may have are exported and run; what they print is held, as if it were a
recording, against the runtime, which itself is held against recordings of the real interpreter.
"""
import json
import os
import random
import subprocess
import sys
import tempfile

tool, wanted = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100
python = next((each for each in (sys.executable, "/usr/bin/python3")
               if subprocess.run([each, "-c", "import greenlet"], stderr=subprocess.DEVNULL, check=False).returncode == 0), None)
if python is None:
    print("skipped: no greenlet is here")
    sys.exit(125)
FUNCTIONS, CHANNELS, SLOTS = 4, 2, 3
failures = []

# The kinds of arguments: a channel, a slot, a function, or numbers to draw from.
SIGNATURES = {
    "emit": ["L"], "spawn": ["f", "s-"], "bind": ["f", "s"], "drop": ["s"], "self": ["s"], "copy": ["s", "s"], "getmain": ["s"], "sched": [],
    "send": ["c"], "recv": ["c"], "sendx": ["c", "e"], "sendseq": ["c", [0, 1, 2]], "iter": ["c", [1, 2]], "close": ["c"], "open": ["c"],
    "pref": ["c", [-1, 0, 1]], "sall": ["c", [0, 1]], "bal": ["c"], "closed": ["c"], "runcount": [], "call": ["f"], "hcall": ["f"],
    "rec": [[0, 1, 2], "f"], "insert": ["s"], "remove": ["s"], "same": ["s", "s"], "raise": ["e"], "runall": [],
}
OFTEN = ["spawn", "spawn", "send", "send", "recv", "recv", "sched"]


def argument(chance, kind, function):
    if kind == "L":
        return "L"
    if kind == "c":
        return chance.randrange(CHANNELS)
    if kind == "s":
        return chance.randrange(SLOTS)
    if kind == "s-":
        return chance.choice([-1, chance.randrange(SLOTS)])
    if kind == "f":  # A later one, so that everything ends.
        return chance.randrange(function + 1, FUNCTIONS)
    if kind == "e":
        return chance.choice(["E1", "E2", "ValueError"])
    return chance.choice(kind)


def operation(chance, function, depth):
    words = [w for w in SIGNATURES if (w != "runall" or function == 0) and ("f" not in SIGNATURES[w] or function < FUNCTIONS - 1)]
    words += [w for w in OFTEN if w in words] + (["runall"] * 3 if function == 0 else [])
    words += ["try", "tryall", "tryall", "loop", "finally"] if depth < 2 else []
    word = chance.choice(words)
    if word not in SIGNATURES:
        block = lambda: [operation(chance, function, depth + 1) for _ in range(chance.randrange(1, 4))]
        return [word] + ([chance.randrange(1, 3)] if word == "loop" else []) + [block()] + ([block()] if word == "finally" else [])
    return [word] + [argument(chance, kind, function) for kind in SIGNATURES[word]]


def lines_of(operations, indent):
    lines = []
    for word, *arguments in operations:
        blank = "  " * indent
        if word in ("try", "tryall", "loop", "finally"):
            lines.append(blank + word + (" %d" % arguments.pop(0) if word == "loop" else ""))
            lines += lines_of(arguments[0], indent + 1)
            if word == "finally":
                lines += [blank + "then"] + lines_of(arguments[1], indent + 1)
            lines.append(blank + "end")
            continue
        names = []
        for kind, value in zip(SIGNATURES[word], arguments):
            if kind in ("s", "s-"):
                names.append("-" if value < 0 else "s%d" % value)
            else:
                names.append({"c": "c%s", "f": "f%s"}.get(kind if isinstance(kind, str) else "", "%s") % value)
        lines.append(blank + " ".join([word] + names))
    return lines


def scenario(functions):
    lines = ["weave 1"] + ["channel c%d" % i for i in range(CHANNELS)] + ["slot s%d" % i for i in range(SLOTS)]
    for number, operations in enumerate(functions):
        lines += ["function f%d" % number] + lines_of(operations, 1) + ["end"]
    return "\n".join(lines) + "\n"


def said(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False)


with tempfile.TemporaryDirectory() as folder:
    file, case_file = folder + "/case.weave", folder + "/case.jsonl"
    for seed in range(wanted):
        chance = random.Random(seed)
        functions = [[operation(chance, f, 0) for _ in range(chance.randrange(2, 8))] for f in range(FUNCTIONS)]
        functions[0].append(["runall"])
        with open(file, "w", encoding="utf-8") as text:
            text.write(scenario(functions))
        script = said(tool, "export", file, "--to", "greenlet")
        run = said(python, "-c", script.stdout)
        try:
            printed = json.loads(run.stdout)
        except json.JSONDecodeError:
            failures.append(seed)
            print(f"seed {seed}: {script.stderr}{run.stderr}\n{scenario(functions)}")
            continue
        # What is left at the end a script does not tell: its last two lines differ.
        recording = dict(printed, left=[[-1, "never"]], runcount=-1)
        with open(case_file, "w", encoding="utf-8") as text:
            json.dump({"id": "g", "flavour": "greenlet", "chans": CHANNELS, "slots": SLOTS, "funcs": functions, "soft": recording,
                       "hard": None}, text)
            text.write("\n")
        judged = said(tool, "conform", case_file, "--profile", "fixed").stdout
        if 'recorded  ["left",[[-1,"never"]]]' not in judged.split("\n\n")[0]:
            failures.append(seed)
            print(f"seed {seed}: {judged}\n{scenario(functions)}")

    # What greenlet cannot do is refused by name.
    for operation_line, name in (("kill s0", "kill"), ("schedrm", "schedrm"), ("sendx c0 TaskletExit", "sendx of TaskletExit"),
                                 ("tstart 1 f1", "tstart")):
        with open(file, "w", encoding="utf-8") as text:
            text.write("weave 1\nchannel c0\nslot s0\nfunction f0\n  %s\nend\nfunction f1\nend\n" % operation_line)
        refused = said(tool, "export", file, "--to", "greenlet")
        if refused.returncode != 2 or "greenlet has nothing for these operations: " + name not in refused.stderr:
            failures.append(name)
            print(f"{name}: {refused.stderr}")
print(f"{wanted} scenarios, {len(failures)} failed")
sys.exit(1 if failures else 0)
