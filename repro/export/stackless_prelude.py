import json
import functools
import gc
import sys
import threading
import time
import weakref

import stackless

# ---- What the scenario is written in ----

sys.setrecursionlimit(20000)
gc.disable()
stackless.enable_softswitch(SOFT)
events = []
state = {"token": 0, "tasklet": 0}
numbers = weakref.WeakKeyDictionary()
watches = []  # Weak references, which must live.
main = stackless.getmain()
numbers[main] = 0


class E1(Exception):
    pass


class E2(Exception):
    pass


EXCEPTIONS = {c.__name__: c for c in (E1, E2, ValueError, StopIteration, ZeroDivisionError, SystemExit)}
EXCEPTIONS["TaskletExit"] = stackless.TaskletExit

# What the interpreter says, and what a trace calls it.
CODES = [
    ("main tasklet is receiving", "main_recv_deadlock"), ("main tasklet is sending", "main_send_deadlock"),
    ("Deadlock", "deadlock"), ("does not like to be blocked", "block_trap"), ("switch_trap", "switch_trap"),
    ("cannot run a blocked", "run_blocked"), ("cannot run an unbound", "run_dead"), ("cannot remove a blocked", "remove_blocked"),
    ("current tasklet cannot be removed", "remove_current"), ("throw to a dead", "throw_dead"),
    ("ecursive channel c", "recursive_channel_cb"), ("bind the current", "bind_current"), ("is scheduled", "bind_scheduled"),
    ("has C state", "bind_cstate"), ("unbind the main", "unbind_main"), ("is alive", "setup_alive"), ("not bound", "not_bound"),
    ("closed", "closed"),
]


def number(tasklet):
    return numbers.get(tasklet, -1)


def log(*event):
    events.append([number(stackless.getcurrent())] + list(event))


class Value:
    __slots__ = ("name", "__weakref__")

    def __init__(self):
        state["token"] += 1
        self.name = "v%d" % state["token"]


def shown(value):
    return value.name if isinstance(value, Value) else value


def exception_token():
    state["token"] += 1
    return "x%d" % state["token"]


def kind_of(error):
    name = type(error).__name__
    token = error.args[0] if error.args and isinstance(error.args[0], str) else ""
    if name in ("E1", "E2", "ValueError") and token[:1] == "x" and token[1:].isdigit():
        return "%s:%s" % (name, token)
    if isinstance(error, (RuntimeError, ValueError)):
        for words, code in CODES:
            if words in str(error):
                return "%s:%s" % (name, code)
    return name


def body(function):
    log("start")
    try:
        function()
    except BaseException as error:
        log("died", kind_of(error))
        raise
    log("end")


def finished(tid, _reference):
    log("fin", tid)


def new_tasklet(function, slot, queued):
    tasklet = stackless.tasklet()
    state["tasklet"] += 1
    numbers[tasklet] = tid = state["tasklet"]
    # The oldest callback is called last.
    watches.append(weakref.ref(tasklet, functools.partial(finished, tid)))
    tasklet.bind(body, (function,))
    if queued:
        tasklet.insert()
    if slot >= 0:
        store(slot, tasklet)


def store(slot, tasklet):
    old, slots[slot] = slots[slot], tasklet
    del old


def through_c(function):
    list(map(lambda _: function(), (0,)))


# ---- Operations ----

def emit(label): log("emit", label)
def spawn(function, slot): new_tasklet(function, slot, True)
def bind(function, slot): new_tasklet(function, slot, False)
def drop(slot): store(slot, None)
def self_(slot): store(slot, stackless.getcurrent())
def getmain(slot): store(slot, main)
def copy(a, b): store(b, slots[a])


def weak_callback(tid, function, _reference):
    log("wcb", tid)
    try:
        function()
    except BaseException as error:
        log("exc", kind_of(error))
    log("wcbend", tid)


def weakref_(slot, function):
    if slots[slot] is not None:
        watches.append(weakref.ref(slots[slot], functools.partial(weak_callback, number(slots[slot]), function)))


def sched(): stackless.schedule(None)
def schedrm(): stackless.schedule_remove(None)


def send(c):
    value = Value()
    name = value.name
    log("send", c, name)
    holder = [value]
    del value
    channels[c].send(holder.pop())
    log("sent", c, name)


def recv(c): log("got", c, shown(channels[c].receive()))


def sendx(c, name):
    token = exception_token()
    log("sendx", c, name, token)
    channels[c].send_exception(EXCEPTIONS[name], token)
    log("sentx", c, token)


def sendseq(c, count):
    values = [Value() for _ in range(count)]
    log("sendseq", c, [v.name for v in values])
    channels[c].send_sequence(iter(values))
    log("sentseq", c, count)


def iter_(c, count):
    taken = 0
    if count > 0:
        for value in channels[c]:
            log("it", c, shown(value))
            del value
            taken += 1
            if taken == count:
                break
    log("itend", c, taken)


def close(c): channels[c].close()
def open_(c): channels[c].open()
def pref(c, p): channels[c].preference = p
def sall(c, b): channels[c].schedule_all = b
def bal(c): log("bal", c, channels[c].balance)
def closed(c): log("closed", c, int(channels[c].closing), int(channels[c].closed))


def ring(first):
    found, at = [], first
    while at is not None and at not in found:
        found.append(at)
        at = at.next
    return [number(each) for each in found]


def queue(c): log("queue", c, ring(channels[c].queue))
def runq(): log("runq", ring(stackless.getcurrent()))
def runcount(): log("runcount", stackless.getruncount())
def nest(): log("nest", stackless.getcurrent().nesting_level)
def call(function): function()
def hcall(function): through_c(function)


def rec(levels, function):
    if levels > 0:
        through_c(lambda: rec(levels - 1, function))
    elif function is not None:
        function()


def raise_(name): raise EXCEPTIONS[name]()


def runall():
    victim = stackless.run()
    log("ran", None if victim is None else number(victim))


def on_slot(slot, act):
    tasklet = slots[slot]
    if tasklet is not None:
        act(tasklet)


def insert(slot): on_slot(slot, lambda t: t.insert())
def remove(slot): on_slot(slot, lambda t: t.remove())
def run(slot): on_slot(slot, lambda t: t.run())


def switch(slot):
    if slots[slot] is not None and slots[slot] is not stackless.getcurrent():
        slots[slot].switch()


def switch_raw(slot): on_slot(slot, lambda t: t.switch())
def kill(slot): on_slot(slot, lambda t: t.kill())
def killp(slot): on_slot(slot, lambda t: t.kill(pending=True))


def raise_exception(slot, name):
    if slots[slot] is not None:
        slots[slot].raise_exception(EXCEPTIONS[name], exception_token())


def throw(slot, name, pending=False):
    if slots[slot] is not None:
        slots[slot].throw(EXCEPTIONS[name], exception_token(), None, pending)


def throwp(slot, name): throw(slot, name, True)


def flags_of(t):
    return "".join(letter for letter, holds in (
        ("a", t.alive), ("b", t.blocked), ("s", t.scheduled), ("p", t.paused), ("c", t.is_current), ("m", t.is_main)) if holds)


def state_(slot): on_slot(slot, lambda t: log("state", number(t), flags_of(t)))
def tnest(slot): on_slot(slot, lambda t: log("tnest", number(t), t.nesting_level))


def tchan(slot):
    on_slot(slot, lambda t: log("tchan", number(t), next((i for i, c in enumerate(channels) if c is t._channel), None)))


def same(a, b):
    if slots[a] is not None:
        log("same", b, int(slots[a] is slots[b]))


def atomic(b): log("atomic", int(stackless.getcurrent().set_atomic(b)))
def ignnest(b): log("ignnest", int(stackless.getcurrent().set_ignore_nesting(b)))
def btrap(b): stackless.getcurrent().block_trap = bool(b)
def tatomic(slot, b): on_slot(slot, lambda t: log("tatomic", number(t), int(t.set_atomic(b))))
def tbtrap(slot, b): on_slot(slot, lambda t: setattr(t, "block_trap", bool(b)))
def swtrap(d): log("swtrap", stackless.switch_trap(d))


def rebind(slot, function):
    if slots[slot] is not None and slots[slot] is not main:
        slots[slot].bind(body, (function,))


def unbind(slot):
    if slots[slot] is not None and slots[slot] is not main:
        slots[slot].bind(None)


def setup(slot, function):
    if slots[slot] is not None and slots[slot] is not main:
        slots[slot].bind(body)
        slots[slot](function)


def setup_nobind(slot, function):
    if slots[slot] is not None and slots[slot] is not main:
        slots[slot](function)


def gc_(): gc.collect()


def told_schedule(previous, following):
    log("schcb", number(previous) if previous else None, number(following) if following else None)


def told_channel(channel, tasklet, sending, will_block):
    number_of = next((i for i, c in enumerate(channels) if c is channel), None)
    log("chcb", number_of, number(tasklet), int(sending), int(will_block))


def schedcb(b): stackless.set_schedule_callback(told_schedule if b else None)
def chancb(b): stackless.set_channel_callback(told_channel if b else None)


def schedcbf(function):
    def told(previous, following):
        told_schedule(previous, following)
        function()
    stackless.set_schedule_callback(told)


def chancbf(function):
    def told(channel, tasklet, sending, will_block):
        told_channel(channel, tasklet, sending, will_block)
        function()
    stackless.set_channel_callback(told)


def errh(b):
    stackless.set_error_handler((lambda kind, error, _: log("errh", kind.__name__)) if b else None)


def softsw(b): log("softsw", int(stackless.enable_softswitch(bool(b))))


# Threads: each has a main tasklet of its own, whose number is 100 more than the thread's.

started = {}


def thread_body(thread, function):
    numbers[stackless.getcurrent()] = 100 + thread
    log("tstart", thread)
    try:
        function()
    except BaseException as error:
        log("died", kind_of(error))
    log("tend", thread)


def tstart(thread, function):
    if thread not in started:
        started[thread] = threading.Thread(target=thread_body, args=(thread, function), daemon=True)
        started[thread].start()


def settle():
    """Until the other threads have ended or sleep: as long as something is logged they do neither."""
    seen = -1
    while seen != len(events):
        seen = len(events)
        for thread in list(started.values()):
            if thread is not threading.current_thread():
                thread.join(0.05)


def bindt(slot): on_slot(slot, lambda t: t.bind_thread())
def recvtmp(): log("got", -1, shown(stackless.channel().receive()))


def sendtmp():
    value = Value()
    name = value.name
    log("send", -1, name)
    holder = [value]
    del value
    stackless.channel().send(holder.pop())
    log("sent", -1, name)


def runto(ticks, flags, slot):
    victim = stackless.run(ticks, soft=bool(flags & 1), totaltimeout=bool(flags & 2), ignore_nesting=bool(flags & 4))
    if slot >= 0:
        store(slot, victim)
    log("ran", None if victim is None else number(victim))


def burn(ticks):
    """A tick is an operation in a scenario, and about as many bytecodes as a turn of a loop has there."""
    for _ in range(ticks):
        pass


def finish(function):
    outcome = "ok"
    try:
        function()
    except BaseException as error:
        outcome = "exc:" + kind_of(error)
    print(json.dumps({"out": outcome, "trace": events, "bal": [c.balance for c in channels]}))
