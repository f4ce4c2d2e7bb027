"""Commands of gdb for an execution that `reweave replay FILE --gdb` stops in.

    reweave where       the step, who runs, and at which operation
    reweave tasklets    every tasklet with the calls it is in, also of those that are sliced away
    reweave channels    run queue, who waits where, which value is under way
    reweave threads     of a program: every thread, what it waits for, and who has that
    reweave locks       of a program: every lock that is held, by whom and since where, and who wants it
    reweave step [N]    go on to the next step, or N steps further
    reweave until N     go on to step N
    reweave back [N]    to the step before, or N steps back: it runs again from the beginning, which does the same

`print $tasklet("0.1")`, `print $channel("data")`: one of those.
`print` shows mutexes, conditions and threads of the C++ library and of POSIX, and tasklets, channels and values, by what they are in
this execution: "mutex 'accounts_lock', held by thread 0.1 (worker) since worker (bank.cc:9)".
"""
import gdb


def number_of(name):
    return int(gdb.parse_and_eval("*(unsigned long *)&" + name))


def is_running():
    return gdb.selected_inferior().pid != 0


def can_be_silent():
    try:
        return gdb.parameter("suppress-cli-notifications") is not None
    except RuntimeError:
        return False  # Before gdb 13.


def ask(function, argument=0):
    """What a function in the process gives, as a number. Where the process stands at a step it is told to call it and goes on until
    it has; elsewhere gdb calls it, which it cannot on every processor."""
    if not can_be_silent() or number_of("reweave_answers") == 0:
        return int(gdb.parse_and_eval("((unsigned long (*)(unsigned long))%s)(%d)" % (function, argument)))
    frame = gdb.selected_frame()
    gdb.execute("set var *(unsigned long *)&reweave_asked_argument = %d" % argument)
    gdb.execute("set var *(unsigned long *)&reweave_asked = (unsigned long)&%s" % function)
    answered = gdb.Breakpoint("reweave_answered", internal=True, temporary=True)
    answered.silent = True
    gdb.execute("set suppress-cli-notifications on")
    try:
        gdb.execute("continue", to_string=True)
    finally:
        gdb.execute("set suppress-cli-notifications off")
        if answered.is_valid():
            answered.delete()
    if frame.is_valid():
        frame.select()
    return number_of("reweave_answer")


def begin_anew(step):
    """The process from its beginning, for one that has ended, or dies."""
    gdb.execute("set confirm off")
    gdb.execute("starti", to_string=True)
    entry = gdb.Breakpoint("reweave_ready_to_run", internal=True, temporary=True)
    gdb.execute("continue", to_string=True)
    if entry.is_valid():
        entry.delete()
    set_number("reweave_stop_at_step", step)
    gdb.execute("continue", to_string=True)


def set_number(name, value):
    gdb.execute("set var *(unsigned long *)&%s = %d" % (name, value))


def stop_at(step, again):
    if step < 1:
        raise gdb.GdbError("there is no step before the first")
    if is_running():
        # To go back it goes on to its end, and runs again in the same process: quicker than to begin anew.
        set_number("reweave_run_again", 1 if again else 0)
        set_number("reweave_stop_at_step", step)
        gdb.execute("continue", to_string=True)
        if again and (not is_running() or number_of("reweave_run_again") != 0):
            begin_anew(step)
    else:
        begin_anew(step)
    if is_running():
        show("where")
    else:
        print("it has ended before step %d" % step)


class Reweave(gdb.Command):
    __doc__ = __doc__

    def __init__(self):
        super().__init__("reweave", gdb.COMMAND_RUNNING)

    words = ("where", "tasklets", "channels", "threads", "locks", "step", "until", "back")

    def complete(self, text, word):
        return [each for each in self.words if each.startswith(word)]

    def invoke(self, argument, _from_tty):
        words = argument.split()
        if not words or words[0] not in self.words:
            raise gdb.GdbError("reweave " + "|".join(self.words))
        name = words[0]
        try:
            count = int(words[1]) if len(words) > 1 else 1
        except ValueError:
            raise gdb.GdbError("%s is no number" % words[1]) from None
        if name == "until":
            if len(words) < 2:
                raise gdb.GdbError("reweave until STEP")
            stop_at(count, is_running() and count <= number_of("reweave_stop_at_step"))
        elif not is_running():
            raise gdb.GdbError("nothing runs; `run` first")
        elif name == "step":
            stop_at(number_of("reweave_stop_at_step") + count, False)
        elif name == "back":
            stop_at(number_of("reweave_stop_at_step") - count, True)
        else:
            show(name)


def show(name):
    for function in ("reweave_%s_words", "reweave_show_%s"):
        words = words_by(function % {"where": "place"}.get(name, name))
        if words:
            print(words, end="")
            return
    raise gdb.GdbError("this is no program under control; of a scenario: reweave tasklets, reweave channels")


# ---- What `print` shows ----

def has(function):
    try:
        gdb.parse_and_eval("(void *)&" + function)
        return True
    except gdb.error:
        return False


def words_by(function, argument=0):
    """What a function in the process says, which may have no argument; "" where it is not there, or nothing runs."""
    if not is_running() or not has(function):
        return ""
    try:
        words = ask(function, argument)
        return gdb.Value(words).cast(gdb.lookup_type("char").pointer()).string() if words else ""
    except gdb.error:
        return ""


class Said:
    """Shows an object by what the process says of it."""

    def __init__(self, words):
        self.words = words

    def to_string(self):
        return self.words


LOCKS = ("std::mutex", "std::timed_mutex", "std::recursive_mutex", "std::recursive_timed_mutex", "std::shared_mutex",
         "std::shared_timed_mutex", "pthread_mutex_t", "pthread_rwlock_t", "pthread_spinlock_t")
CONDITIONS = ("std::condition_variable", "std::_V2::condition_variable", "std::condition_variable_any",
              "std::_V2::condition_variable_any", "pthread_cond_t")
OBJECTS = ("Tasklet", "Channel", "Token", "Bomb", "Object")


def names_of(value):
    """Its type as it is written, and without typedefs."""
    names = []
    for each in (value.type, value.type.strip_typedefs()):
        names.append((each.unqualified().name or "").replace("__cxx11::", ""))
    return names


def printer_of(value):
    if value.type.code not in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION, gdb.TYPE_CODE_TYPEDEF):
        return None
    names = names_of(value)
    if any(name in ("std::thread", "std::jthread") for name in names):
        thread = value if "std::thread" in names else value["_M_thread"]
        handle = int(thread["_M_id"]["_M_thread"])
        words = words_by("reweave_thread_words", handle) if handle else "no thread"
        return Said(words) if words else None
    if value.address is None:
        return None
    address = int(value.address)
    words = ""
    if any(name in LOCKS for name in names):
        words = words_by("reweave_lock_words", address)
    elif any(name in CONDITIONS for name in names):
        words = words_by("reweave_condition_words", address)
    elif any(name == "reweave::runtime::" + each for name in names for each in OBJECTS):
        words = words_by("reweave_object_words", address)
    return Said(words) if words else None


class Find(gdb.Function):
    """$tasklet("0.1"), $channel("data"): that one of the execution; in words where there is no debug information."""

    def __init__(self, name, type_name):
        super().__init__(name)
        self.function, self.type_name = "reweave_find_" + name, "reweave::runtime::" + type_name

    def invoke(self, name):
        if not is_running() or not has(self.function):
            raise gdb.GdbError("no scenario runs here")
        place = int(gdb.parse_and_eval("(unsigned long)&reweave_asked_name"))
        gdb.selected_inferior().write_memory(place, name.string().encode()[:255] + b"\0")
        found = gdb.Value(ask(self.function, place))
        if int(found) == 0:
            raise gdb.GdbError("there is none of that name")
        try:
            return found.cast(gdb.lookup_type(self.type_name).pointer()).dereference()
        except gdb.error:
            return words_by("reweave_object_words", int(found))


printer_of.name = "reweave"
printer_of.enabled = True


gdb.pretty_printers[:] = [printer_of] + [each for each in gdb.pretty_printers if getattr(each, "name", "") != "reweave"]
Find("tasklet", "Tasklet")
Find("channel", "Channel")
Reweave()
# Of a program, system calls come by a handler, those of what it is asked to say, too.
gdb.execute("handle SIGSYS nostop noprint pass", to_string=True)
gdb.execute("set print thread-events off")
gdb.execute("set debuginfod enabled off")
gdb.execute("set breakpoint pending on")
