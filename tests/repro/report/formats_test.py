#!/usr/bin/env python3
"""Every format of every report: valid by its schema, and the same as the file kept here.

formats_test.py TOOL CHECKOUT [--update]: with --update the kept files are written anew. Exit code 125: no jsonschema.
"""
import json
import os
import re
import subprocess
import sys
import xml.dom.minidom

try:
    import jsonschema
except ImportError:
    print("skipped: no jsonschema is here (python3-jsonschema)")
    sys.exit(125)

tool, checkout = sys.argv[1], sys.argv[2]
update = "--update" in sys.argv
here = os.path.join(checkout, "tests/repro/report")
golden = os.path.join(here, "golden")
failures = []


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


schemas = {"json": load(os.path.join(checkout, "repro/report/report.schema.json")),
           "sarif": load(os.path.join(here, "sarif_subset.schema.json"))}
for schema in schemas.values():
    jsonschema.Draft7Validator.check_schema(schema)


def expect(holds, what):
    if not holds:
        failures.append(what)
        print("FAILED: " + what)


def run(*words):
    environment = {k: v for k, v in os.environ.items() if k != "GITHUB_STEP_SUMMARY"}
    return subprocess.run([tool, *words], cwd=checkout, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False)


def without_chance(text):
    """Seconds, and the name of the tool as it was called, are not the same twice."""
    text = text.replace(tool, "reweave")
    text = re.sub(r'"seconds":[0-9.e-]+', '"seconds":0', text)
    text = re.sub(r'time="[0-9.]+"', 'time="0.000"', text)
    return re.sub(r"\b[0-9]+\.[0-9]{2} s\b", "0.00 s", text)


def try_format(name, code, *words):
    result = run(*words)
    form = next((word.split("=")[1] for word in words if word.startswith("--format=")), "text")
    expect(result.returncode == code, f"{name}: exit code {result.returncode}, not {code}: {result.stderr}")
    if form in schemas:
        try:
            value = json.loads(result.stdout)
            jsonschema.validate(value, schemas[form])
        except (ValueError, jsonschema.ValidationError) as error:
            expect(False, f"{name}: {str(error)[:600]}")
    if form == "junit":
        xml.dom.minidom.parseString(result.stdout)
    path = os.path.join(golden, name)
    text = without_chance(result.stdout)
    if update:
        os.makedirs(golden, exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return
    try:
        with open(path, encoding="utf-8") as file:
            kept = file.read()
    except OSError:
        kept = None
    expect(text == kept, f"{name}: not as it is kept; is:\n{text}\nafter a look: {sys.argv[0]} TOOL CHECKOUT --update")


blog = "corpora/repros/hunts/blog-shrunk.weave"
locks = "corpora/repros/stuck/two-locks.weave"
clean = "corpora/repros/regressions/cell-dies-twice.weave"
broken = ["tests/repro/report/cases/changed.weave", "tests/repro/report/cases/unreadable.weave", blog]

for name, file in (("blog", blog), ("two-locks", locks)):
    for form, end in (("text", "txt"), ("json", "json"), ("github", "github"), ("markdown", "md"), ("sarif", "sarif")):
        try_format(f"replay-{name}.{end}", 1, "replay", file, f"--format={form}")
    for form, end in (("text", "txt"), ("json", "json"), ("markdown", "md")):
        try_format(f"explain-{name}.{end}", 1, "explain", file, f"--format={form}", "--quiet")
    for form in ("mermaid", "dot", "gtest"):
        try_format(f"export-{name}.{form}", 0, "export", file, "--to", form)
for form, end in (("text", "txt"), ("json", "json"), ("junit", "xml"), ("github", "github"), ("markdown", "md"), ("sarif", "sarif")):
    try_format(f"check.{end}", 2, "check", *broken, f"--format={form}", "--quiet")
try_format("hunt.sarif", 1, "hunt", "corpora/scenarios/d1.weave", "--defects", "post-switch-clear", "--format=sarif", "--quiet",
           "--output", os.path.join("build", "findings-of-formats-test"))
try_format("error.json", 2, "replay", "nothing.weave", "--format=json")

if failures:
    print(f"{len(failures)} failed")
sys.exit(1 if failures else 0)
