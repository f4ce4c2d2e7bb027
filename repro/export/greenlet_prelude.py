import greenlet as greenlets


# ---- As much of Stackless as the scenario needs, on greenlets ----

class Tasklet:
    """The running one is the first of `ready`; main, which waits in run() for the others, is in no queue."""

    def __init__(self):
        self.work, self.greenlet, self.bomb, self.value = None, None, None, None
        self.alive, self.blocked, self.channel = False, 0, None

    def bind(self, function, args):
        self.work, self.alive = (function, args), True

    def insert(self):
        if self.blocked:
            raise RuntimeError("You cannot run a blocked tasklet")
        if not self.alive:
            raise RuntimeError("You cannot run an unbound(dead) tasklet")
        if self not in stackless.ready:
            stackless.ready.append(self)

    def remove(self):
        if self.blocked:
            raise RuntimeError("You cannot remove a blocked tasklet.")
        if self is stackless.current:
            raise RuntimeError("The current tasklet cannot be removed.")
        if self in stackless.ready:
            stackless.ready.remove(self)

    def entry(self, *_):
        function, args = self.work
        self.work = None
        error = None
        try:
            self.explode()
            function(*args)
        except TaskletExit:
            pass
        except BaseException as raised:
            error = raised.with_traceback(None)  # Which would keep this tasklet alive.
        del function, args
        self.alive = False
        stackless.ready.remove(self)
        if error is not None:
            stackless.wake_main(error)
        target = stackless.next_one()
        stackless.current = target
        greenlets.getcurrent().parent = target.started()

    def started(self):
        if self.greenlet is None:
            self.greenlet = greenlets.greenlet(self.entry, stackless.main.greenlet)
        return self.greenlet

    def explode(self):
        bomb, self.bomb = self.bomb, None
        if bomb is not None:
            raise bomb


class TaskletExit(BaseException):
    pass


class Channel:
    def __init__(self):
        self.waiting, self.balance, self.preference, self.schedule_all, self.closing = [], 0, -1, False, False

    @property
    def closed(self):
        return self.closing and not self.waiting

    @property
    def queue(self):
        return self.waiting

    def close(self):
        self.closing = True

    def open(self):
        self.closing = False

    def send(self, value):
        self.meet(1, value, None)

    def send_exception(self, kind, *args):
        self.meet(1, None, kind(*args))

    def send_sequence(self, values):
        for value in values:
            self.send(value)
            del value

    def receive(self):
        me = stackless.current
        self.meet(-1, None, None)
        value, me.value = me.value, None
        return value

    def __iter__(self):
        return self

    def __next__(self):
        if self.closing and self.balance <= 0:
            raise StopIteration
        return self.receive()

    def meet(self, direction, value, bomb):
        """A sender is 1, a receiver -1; whoever comes second hands over, and the preference says who runs."""
        me = stackless.current
        if self.balance * direction < 0:
            other = self.waiting.pop(0)
            self.balance += direction
            other.blocked, other.channel = 0, None
            if direction > 0:
                other.value, other.bomb = value, bomb
            else:
                me.value, me.bomb = other.value, other.bomb
                other.value = other.bomb = None
            del value
            if self.schedule_all:
                stackless.ready.append(other)
                stackless.ready.append(stackless.ready.pop(0))
            elif self.preference == -direction:
                stackless.ready.append(stackless.ready.pop(0))
                stackless.ready.insert(0, other)
            else:
                stackless.ready.append(other)
            del other
        else:
            if self.closing:
                raise ValueError("Send/receive operation on a closed channel")
            me.value, me.bomb = (value, bomb) if direction > 0 else (None, None)
            del value
            me.blocked, me.channel = direction, self
            self.waiting.append(me)
            self.balance += direction
            stackless.ready.remove(me)
            if not stackless.ready:
                stackless.last_one_waits(me)
        stackless.go(stackless.next_one())


class Stackless:
    TaskletExit = TaskletExit
    channel = Channel
    tasklet = Tasklet

    def __init__(self):
        self.main = Tasklet()
        self.main.alive, self.main.greenlet = True, greenlets.getcurrent()
        self.current, self.ready = self.main, [self.main]

    def getcurrent(self): return self.current
    def getmain(self): return self.main
    def getruncount(self): return len(self.ready)
    def enable_softswitch(self, _): return False

    def schedule(self, _):
        self.ready.append(self.ready.pop(0))
        self.go(self.ready[0])

    def run(self):
        if self.current is not self.main:
            raise NotImplementedError("runall by another tasklet than main: Stackless can, this cannot")
        self.ready.remove(self.main)
        self.go(self.next_one())

    def wake_main(self, error):
        """Main gets this error, wherever it waits."""
        main = self.main
        if main.blocked:
            main.channel.waiting.remove(main)
            main.channel.balance -= main.blocked
            main.blocked, main.channel, main.value = 0, None, None
        main.bomb = error
        at = self.ready.index(main) if main in self.ready else 0
        self.ready = [main] + self.ready[at + (main in self.ready):] + self.ready[:at]

    def last_one_waits(self, me):
        """Main, in run(), goes on, and gets an exception that could not be sent; else it is an error of the last one."""
        if not self.main.blocked:
            self.main.bomb = me.bomb
            return
        me.bomb = None
        me.channel.waiting.remove(me)
        me.channel.balance -= me.blocked
        me.blocked, me.channel, me.value = 0, None, None
        self.ready.append(me)
        raise RuntimeError("Deadlock: the last runnable tasklet cannot be blocked.")

    def next_one(self):
        if not self.ready:
            if self.main.blocked:
                self.wake_main(RuntimeError("the main tasklet is %s" % ("sending" if self.main.blocked > 0 else "receiving")))
            else:
                self.ready.append(self.main)
        return self.ready[0]

    def go(self, target):
        me = self.current
        if target is not me:
            self.current = target
            next_greenlet = target.started()
            del target
            next_greenlet.switch()
        me.explode()


stackless = Stackless()
