#!/usr/bin/env python3
"""What gdb prints of programs and of tasklets, in the real gdb, and whether an installed gdb finds it.

gdb_printers_test.py TOOL SOURCES BUILD COMPILER. Exit code 125: no gdb is here.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

tool, sources, build, compiler = sys.argv[1:5]
if shutil.which("gdb") is None:
    print("skipped: no gdb is here")
    sys.exit(125)
failures = []


def expect(holds, what, output=""):
    if not holds:
        failures.append(what)
        print("FAILED: " + what + "\n" + output)


def said(*words, **more):
    result = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=240, check=False, **more)
    return result.stdout


def gdb(file, *commands):
    words = [tool, "replay", file, "--gdb"]
    for command in commands:
        words += ["--ex", command]
    return said(*words)


PROGRAM = r"""
#include <condition_variable>
#include <mutex>
#include <shared_mutex>
#include <thread>
struct Account { std::mutex lock; int balance = 0; };
Account from, to;
std::condition_variable changed;
std::shared_mutex table;
pthread_mutex_t plain = PTHREAD_MUTEX_INITIALIZER;
void move_money(Account* a, Account* b) {
  std::shared_lock reading(table);
  std::lock_guard first(a->lock);
  std::lock_guard second(b->lock);
  a->balance -= 1;
  b->balance += 1;
}
std::thread waiter;
int main() {
  std::mutex mine;
  waiter = std::thread([&] {
    std::unique_lock held(mine);
    changed.wait(held);
  });
  std::thread one(move_money, &from, &to), two(move_money, &to, &from);
  one.join();
  two.join();
  changed.notify_one();
  waiter.join();
}
"""

with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    with open("bank.cc", "w", encoding="utf-8") as text:
        text.write(PROGRAM)
    environment = dict(os.environ, REWEAVE_CXX=compiler)
    output = said(os.path.dirname(tool) + "/reweave-c++", "-std=c++20", "-g", "-O1", "bank.cc", "-o", "bank", env=environment)
    expect(os.path.exists("bank"), "it is compiled", output)
    # The deadlock of the two that move money; others may be found before.
    output = said(tool, "hunt", "--keep-going", "--executions", "3000", "--", "./bank")
    for file in glob.glob("findings/*.weave"):
        with open(file, encoding="utf-8") as text:
            if "mutex in move_money" in text.read():
                break
    else:
        expect(False, "a deadlock", output)
    output = gdb(file, "reweave where", "reweave threads", "reweave locks", "print from", "print to.lock", "print table",
                 "print plain", "print waiter", "print changed")
    holder = r"held by thread 0\.\d \(move_money\) since move_money \(bank\.cc:13\)"
    expect(re.search(r"^step \d+: thread 0\.\d \(move_money\) at move_money \(bank\.cc:14\)", output, re.M), "where", output)
    expect(re.search(r"thread 0 \(main\)  waits for the end of a thread\n +at main", output), "who waits for what", output)
    expect(re.search(r"waits for mutex '(from|to)\.lock', " + holder, output), "and who has that", output)
    expect(re.search(r"\$1 = \{lock = mutex 'from\.lock', " + holder + r"[^,]*, balance = 0\}", output), "a mutex in a struct", output)
    expect(re.search(r"\$2 = mutex 'to\.lock', " + holder, output), "a mutex", output)
    expect(re.search(r"\$3 = read-write lock 'table', read by thread 0\.\d \(move_money\).*, read by thread 0\.\d", output),
           "who reads", output)
    expect("$4 = mutex 'plain', free" in output, "one of POSIX, which is free", output)
    expect(re.search(r"\$5 = thread 0\.1 \(main::\{lambda#1\}\)", output), "a std::thread by its name", output)
    expect(re.search(r"\$6 = condition variable 'changed'", output), "a condition", output)
    expect(re.search(r"^mutex 'from\.lock', " + holder + r"; wanted by thread 0\.\d \(move_money\)$", output, re.M), "locks", output)

    # Whoever looks changes nothing: the execution goes on to the same trace.
    with open(file, encoding="utf-8") as text:
        trace = re.search(r"^  trace (\w+)", text.read(), re.M).group(1)
    output = gdb(file, "reweave until 20", "print from", "reweave threads", "reweave locks", "reweave until 99999")
    expect(trace in output, "the trace is the same after all that was asked", output)

    # Before it runs there is nothing to say, and the fields are shown as ever.
    output = said("gdb", "-q", "-nx", "-batch", "-x", sources + "/repro/debugger/reweave.py", "-ex", "print from", "./bank")
    expect("balance = 0" in output and "Python Exception" not in output, "without a process", output)

    # Tasklets, channels and values, by types that another object brings: the tool has no debug information.
    blog = sources + "/corpora/repros/hunts/blog-shrunk.weave"
    output = gdb(blog, 'print $tasklet("0.1")', 'print $channel("data")', 'print $tasklet("0.9")')
    expect('= "tasklet 0.1, which is current"' in output, "a tasklet in words", output)
    expect(re.search(r'= "data, balance -?\d', output), "a channel in words", output)
    expect("there is none of that name" in output, "one that is not there", output)
    with open("types.cc", "w", encoding="utf-8") as text:
        text.write('#include "runtime/tasklet/tasklet.h"\nreweave::runtime::Tasklet* t;\nreweave::runtime::Channel* c;\n'
                   "reweave::runtime::Token* v;\n")
    output = said(compiler, "-std=c++20", "-g", "-c", "-I", sources, "types.cc", "-o", "types.o")
    output += gdb(blog, "add-symbol-file types.o 0x10000000", 'print $tasklet("0.1")', 'print $tasklet("0.1").number',
                  'print *$tasklet("0").tempval', "reweave until 7", 'print *$tasklet("0.2").tempval', 'print $channel("data")')
    expect("= tasklet 0.1, which is current" in output, "a tasklet by its type", output)
    expect(re.search(r"\$2 = 1\n", output), "and its fields", output)
    expect(re.search(r"\$3 = (None|v\d+, )", output), "a value", output)
    expect(re.search(r"= data, balance -?\d", output), "a channel by its type", output)

    # As it is installed gdb finds it by itself: here below a prefix that it is told of.
    prefix = folder + "/prefix"
    for component in ("tool", "library"):
        said("cmake", "--install", build, "--prefix", prefix, "--component", component)
    scripts = prefix + "/share/gdb/auto-load"
    output = said("gdb", "-q", "-nx", "-batch", "-iex", "set auto-load scripts-directory " + scripts, "-iex",
                  "add-auto-load-safe-path " + prefix, "-ex", "help reweave", prefix + "/bin/reweave")
    expect("reweave tasklets" in output, "gdb loads the commands with the installed tool", output)
    output = said("gdb", "-q", "-nx", "-batch", "-iex", "set auto-load scripts-directory " + scripts, "-iex",
                  "add-auto-load-safe-path " + prefix, "-ex", "run", "-ex", "print from", "--args", prefix + "/bin/reweave", "replay", file,
                  "--break-at-step", "30")
    expect(re.search(r"\$1 = \{lock = mutex 'from\.lock', ", output), "and prints locks of programs", output)
if failures:
    print(f"{len(failures)} failed")
sys.exit(1 if failures else 0)
