#!/usr/bin/env python3
"""Is the answer that `explain` names of a program's finding the one that decides it?

demo_test.py TOOL FOLDER [NAME...]: compiles the programs of the folder that have a corrected twin, or those named, hunts in them,
explains what is found, and replays the execution that is said to pass. Of those that nothing is named of, every other answer was tried.
"""
import json
import os
import subprocess
import sys
import tempfile

tool, programs = sys.argv[1], sys.argv[2]
names = sys.argv[3:] or sorted(name[: -len("_ok.cc")] for name in os.listdir(programs) if name.endswith("_ok.cc"))
failures = []


def run(*words):
    return subprocess.run([tool, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120, check=False)


def last_object(result):
    return json.loads(result.stdout.splitlines()[-1])


with tempfile.TemporaryDirectory(prefix="reweave-demo-") as folder:
    for name in names:
        program = os.path.join(folder, name)
        subprocess.run([os.path.join(os.path.dirname(tool), "reweave-c++"), "-std=c++20", "-O1",
                        os.path.join(programs, name + ".cc"), "-o", program], check=True)
        found = run("hunt", "--format=json", "--quiet", "--executions", "20000", "--output", folder, "--", program)
        repro = last_object(found).get("repro")
        if not repro:
            failures.append(name)
            print(f"FAILED: {name}: nothing was found: {found.stdout[-300:]}{found.stderr[-300:]}")
            continue
        passing = os.path.join(folder, name + ".passing.weave")
        told = run("explain", repro, "--format=json", "--quiet", "--executions", "3000", "--passing", passing)
        turning = last_object(told)["turning_point"]
        if turning["answers"]:
            good = run("replay", passing)
            right = good.returncode == 0
        else:
            right = True
        print(f"{name}: {len(turning['answers'])} answers of {turning['single_answers']} single ones, "
              f"{turning['executions']} executions, {'right' if right else 'WRONG'}")
        if not right:
            failures.append(name)
            print(f"FAILED: {name}: {good.stdout[-600:]}{good.stderr[-300:]}")
sys.exit(1 if failures else 0)
