#!/usr/bin/env python3
"""Scripts for Stackless Python: is each of them a program, and does it say what the scenario says?

export_test.py TOOL CORPORA. Stackless itself is not in Debian: what is run here is compiled only; the trace of the real interpreter
is compared where there is one (`python3 -c 'import stackless'`).
"""
import glob
import json
import re
import subprocess
import sys

tool, corpora = sys.argv[1], sys.argv[2]
failures, exported, refused = [], 0, 0


def expect(holds, what):
    if not holds:
        failures.append(what)
        print("FAILED: " + what)


def export(file, to):
    return subprocess.run([tool, "export", file, "--to", to], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)


has_stackless = subprocess.run([sys.executable, "-c", "import stackless"], stderr=subprocess.DEVNULL, check=False).returncode == 0
for file in sorted(glob.glob(corpora + "/repros/*/*.weave") + glob.glob(corpora + "/scenarios/*.weave")):
    result = export(file, "python")
    if result.returncode == 2:
        refused += 1
        expect("has nothing for these operations" in result.stderr, f"{file}: {result.stderr}")
        continue
    expect(result.returncode == 0, f"{file}: {result.stderr}")
    exported += 1
    with open(file, encoding="utf-8") as text:
        functions = re.findall(r"^function (\w+)", text.read(), re.M)
    try:
        compile(result.stdout, file + ".py", "exec")
    except SyntaxError as error:
        expect(False, f"{file}: {error}")
    for function in functions:
        expect(f"def function_{function}():" in result.stdout, f"{file}: no function {function}")
    expect(result.stdout.endswith(f"finish(function_{functions[0]})\n"), f"{file}: main is not called")
    if has_stackless:
        run = subprocess.run([sys.executable, "-c", result.stdout], stdout=subprocess.PIPE, text=True, timeout=20, check=False)
        expect("trace" in json.loads(run.stdout), f"{file}: no trace")
print(f"{exported} scripts, {refused} refused")
expect(exported >= 100, f"only {exported} scripts")
sys.exit(1 if failures else 0)
