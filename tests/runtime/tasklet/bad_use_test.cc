// Bad use of the interface for C++: whatever a program or its host does with it, there is the
// documented error, a finding or a failed CHECK, and what was there before is still in order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "runtime/life/weakref.h"
#include "tests/runtime/native_program.h"

namespace reweave::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

class BadUse : public testing::Test {
 protected:
  Code& say(const std::string& word) {
    return program_.code([this, word](Thread& thread) {
      program_.say(word);
      return thread.none();
    });
  }
  /// "TaskletExit", "no_thread" …; "" where nothing was raised.
  static std::string error(Thread& thread, Object* value) {
    return NativeProgram::error(thread, value);
  }
  std::string signature() const {
    const auto& findings = program_.execution.findings();
    return findings.size() == 1 ? findings[0].signature : std::to_string(findings.size());
  }
  void expect_clean() { EXPECT_THAT(program_.execution.findings(), IsEmpty()); }
  Runtime& runtime() { return program_.runtime; }

  NativeProgram program_;
};

// ---- Tasklets of a thread that has ended ----

TEST_F(BadUse, ATaskletOfADeadThreadIsBoundAndSetUpButRunsOnlyWhereItIsAdopted) {
  Tasklet* left = nullptr;
  Code& body = say("adopted");
  Code& binder = program_.code([&](Thread& thread) {
    left = thread.bind(body);
    return thread.none();
  });
  program_.run([&](Thread& main) {
    runtime().start_thread(1, binder);
    settle(main, SiteId{});
    EXPECT_EQ(error(main, main.rebind(left, &body)), "");
    EXPECT_EQ(error(main, main.setup(left)), "no_thread");
    EXPECT_EQ(error(main, main.insert(left)), "thread_dead");
    EXPECT_EQ(error(main, main.remove(left)), "");
    Bomb* const bomb = main.make_bomb(ExceptionType::kValueError);
    EXPECT_EQ(error(main, main.throw_at(left, bomb, /*soft=*/false, /*pending=*/true)),
              "no_thread");
    EXPECT_EQ(main.queue().count, 1u);
    EXPECT_EQ(error(main, bind_thread(main, left)), "");
    EXPECT_EQ(error(main, main.setup(left)), "");
    EXPECT_EQ(error(main, run_others(main)), "");
    main.release(left);
    return main.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("adopted"));
  expect_clean();
}

// It was left by a soft switch, so the end of its thread kills it not: it waits, and cannot be
// served.
TEST_F(BadUse, AReceiverOfADeadThreadIsNotServedButCanBeKilled) {
  Channel* channel = nullptr;
  Tasklet* receiver = nullptr;
  Code& receives =
      program_.steps({[&](Thread& thread) { return take(thread, channel, /*soft=*/true); }});
  Code& starter = program_.steps({[&](Thread& thread) {
                                    receiver = program_.spawn_kept(thread, receives);
                                    return thread.none();
                                  },
                                  [](Thread& thread) { return thread.schedule(/*soft=*/true); }});
  program_.run([&](Thread& main) {
    channel = main.make_channel(0);
    runtime().start_thread(1, starter);
    settle(main, SiteId{});
    EXPECT_EQ(receiver->thread, nullptr);
    EXPECT_EQ(channel->balance, -1);
    EXPECT_EQ(error(main, program_.send(main, channel)), "no_thread");
    EXPECT_EQ(error(main, main.run_tasklet(receiver, false)), "no_thread");
    EXPECT_EQ(channel->balance, -1);
    EXPECT_EQ(error(main, main.kill(receiver, false)), "");
    EXPECT_EQ(channel->balance, 0);
    EXPECT_EQ(channel->head, nullptr);
    main.release(receiver);
    main.release(channel);
    return main.none();
  });
  expect_clean();
}

// It never had a C stack of its thread, so the thread's end passes it over, with its links.
TEST_F(BadUse, WhoIsLeftInTheRunQueueOfADeadThreadIsTakenOutByAKill) {
  Tasklet* first = nullptr;
  Tasklet* second = nullptr;
  Code& adopter = program_.code([&](Thread& thread) {
    for (Tasklet* const tasklet : {first, second}) {
      EXPECT_EQ(error(thread, bind_thread(thread, tasklet)), "");
      EXPECT_EQ(error(thread, thread.insert(tasklet)), "");
    }
    return thread.none();
  });
  program_.run([&](Thread& main) {
    first = main.bind(say("never"));
    second = main.bind(say("never"));
    runtime().start_thread(1, adopter);
    settle(main, SiteId{});
    EXPECT_EQ(first->thread, nullptr);
    EXPECT_EQ(first->next, second);
    EXPECT_EQ(error(main, main.insert(first)), "") << "queued already";
    EXPECT_EQ(error(main, main.run_tasklet(first, false)), "no_thread");
    EXPECT_EQ(error(main, main.switch_to(first, false)), "no_thread");
    EXPECT_EQ(error(main, bind_thread(main, first)), "bindt_runnable");
    EXPECT_EQ(error(main, main.kill(first, false)), "");
    EXPECT_EQ(first->next, nullptr);
    EXPECT_EQ(second->next, second) << "who stays is linked to nobody else";
    EXPECT_EQ(error(main, main.kill(second, false)), "");
    EXPECT_EQ(second->next, nullptr);
    main.release(first);
    main.release(second);
    EXPECT_EQ(main.queue().count, 1u);
    return main.none();
  });
  EXPECT_THAT(program_.said, IsEmpty());
  expect_clean();
}

TEST_F(BadUse, WhoIsSuspendedHardWhenItsThreadEndsIsKilled) {
  Channel* channel = nullptr;
  Code& receives = program_.code([&](Thread& thread) -> Object* {
    Object* const value = receive(thread, channel, SiteId{});
    program_.say(value == nullptr ? NativeProgram::exception_word(thread.error()->type) : "value");
    return value;
  });
  Code& starter = program_.code([&](Thread& thread) {
    program_.spawn(thread, receives);
    return thread.schedule(/*soft=*/false);
  });
  program_.run([&](Thread& main) {
    channel = main.make_channel(0);
    runtime().start_thread(1, starter);
    settle(main, SiteId{});
    EXPECT_EQ(channel->balance, 0);
    EXPECT_EQ(error(main, program_.send(main, channel)), "deadlock");
    main.release(channel);
    return main.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("TaskletExit"));
  expect_clean();
}

// ---- Main ----

TEST_F(BadUse, MainKeepsItsFunctionEvenWhereItIsPaused) {
  Code& body = say("never");
  Code& other = program_.code([&](Thread& thread) {
    EXPECT_EQ(error(thread, thread.rebind(thread.main_tasklet(), &body)), "unbind_main");
    EXPECT_EQ(error(thread, thread.rebind(thread.main_tasklet(), nullptr)), "unbind_main");
    EXPECT_EQ(error(thread, thread.setup(thread.main_tasklet())), "setup_alive");
    EXPECT_EQ(error(thread, thread.rebind(thread.current(), &body)), "bind_current");
    return thread.insert(thread.main_tasklet());
  });
  const Ending ending =
      program_.run(program_.steps({[&](Thread& main) {
                                     program_.spawn(main, other);
                                     return main.none();
                                   },
                                   [](Thread& main) { return main.schedule_remove(true); },
                                   [&](Thread& main) {
                                     program_.say("goes on");
                                     return main.none();
                                   }}));
  EXPECT_TRUE(ending.ended);
  EXPECT_THAT(program_.said, ElementsAre("goes on"));
  expect_clean();
}

// ---- Starting a thread ----

TEST_F(BadUse, AThreadIsStartedOnceInAnExecutionEvenIfItHasEnded) {
  Code& body = say("thread");
  for (int i = 0; i < 3; ++i) {
    program_.run([&](Thread& main) {
      EXPECT_EQ(runtime().thread(1), nullptr) << "execution " << i;
      EXPECT_NE(runtime().start_thread(1, body), nullptr) << "execution " << i;
      EXPECT_EQ(runtime().start_thread(1, body), nullptr) << "it has not begun";
      settle(main, SiteId{});
      EXPECT_EQ(runtime().start_thread(1, body), nullptr) << "it has ended";
      settle(main, SiteId{});
      return main.none();
    });
    EXPECT_THAT(program_.said, ElementsAre("thread"));
    expect_clean();
  }
}

TEST_F(BadUse, AThreadDoesNotStartItself) {
  Code* self = nullptr;
  Code& body = program_.code([&](Thread& thread) {
    EXPECT_EQ(runtime().start_thread(1, *self), nullptr);
    program_.say("once");
    return thread.none();
  });
  self = &body;
  program_.run([&](Thread& main) {
    runtime().start_thread(1, body);
    settle(main, SiteId{});
    return main.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("once"));
}

using BadUseDeathTest = BadUse;

TEST_F(BadUseDeathTest, AThreadHasANumberInRange) {
  Code& body = say("never");
  for (const std::uint32_t number : {0u, Runtime::kThreadsMax, ~0u}) {
    EXPECT_DEATH(program_.run([&](Thread& main) {
      runtime().start_thread(number, body);
      return main.none();
    }),
                 "Runtime::start_thread\\(\\) takes a number");
  }
}

TEST_F(BadUseDeathTest, AThreadIsStartedWithinAnExecution) {
  const std::string message = "Runtime::start_thread\\(\\) was called outside of an execution";
  EXPECT_DEATH(runtime().start_thread(1, say("never")), message);
  program_.run(say("an execution"));
  EXPECT_DEATH(runtime().start_thread(1, say("never")), message);
}

// ---- Runtime::run() re-entered ----

class Reentered : public BadUse {
 protected:
  /// A body that re-enters the runtime that it runs in.
  Code& reenters() {
    return program_.code([this](Thread& thread) {
      Ordinary ordinary;
      Execution other;
      other.begin(ordinary);
      runtime().run(say("inner"), program_.settings, other, program_);
      return thread.none();
    });
  }
  void expect_death(const NativeProgram::Body& main) {
    EXPECT_DEATH(program_.run(main), "Runtime::run\\(\\) was called from within an execution");
  }
};

TEST_F(Reentered, FromATasklet) {
  expect_death([&](Thread& main) {
    program_.spawn(main, reenters());
    return run_others(main);
  });
}

TEST_F(Reentered, FromAnotherThread) {
  expect_death([&](Thread& main) {
    runtime().start_thread(1, reenters());
    settle(main, SiteId{});
    return main.none();
  });
}

TEST_F(Reentered, FromACallback) {
  expect_death([&](Thread& main) {
    program_.spawn(main, say("next"));
    main.shared().schedule_callback = {.installed = true, .code = &reenters()};
    return main.schedule(/*soft=*/false);
  });
}

TEST_F(Reentered, FromAWeakReferenceCallback) {
  expect_death([&](Thread& main) {
    Tasklet* const tasklet = main.bind(say("never"));
    add_weakref(main, tasklet, &reenters());
    main.release(tasklet);
    return main.none();
  });
}

// ---- Callbacks that switch ----

// Each way to switch that there is, to a tasklet that waits in the run queue.
struct Switch {
  const char* name;
  std::function<Object*(Thread&, Tasklet*)> act;
};
std::vector<Switch> switches() {
  return {
      {"schedule", [](Thread& t, Tasklet*) { return t.schedule(false); }},
      {"preempt", [](Thread& t, Tasklet*) { return t.preempt(false); }},
      {"run", [](Thread& t, Tasklet* other) { return t.run_tasklet(other, false); }},
      {"switch", [](Thread& t, Tasklet* other) { return t.switch_to(other, false); }},
      {"run_others", [](Thread& t, Tasklet*) { return run_others(t); }},
      {"schedule_remove", [](Thread& t, Tasklet*) { return t.schedule_remove(false); }},
      {"kill", [](Thread& t, Tasklet* other) { return t.kill(other, false); }},
  };
}

// A channel callback may: the operation finds its value as it was, and its peer.
TEST_F(BadUse, AChannelCallbackMaySwitchInEveryWay) {
  for (const Switch& each : switches()) {
    SCOPED_TRACE(each.name);
    Channel* channel = nullptr;
    Tasklet* other = nullptr;
    Code& receiver = program_.code([&](Thread& thread) {
      program_.say("got " + std::to_string(
                                NativeProgram::payload(thread, program_.receive(thread, channel))));
      return thread.none();
    });
    Code& callback = program_.code([&](Thread& thread) {
      EXPECT_EQ(error(thread, receive(thread, channel, SiteId{})), "recursive_channel_cb");
      return each.act(thread, other);
    });
    const Ending ending = program_.run([&](Thread& main) {
      channel = main.make_channel(0);
      program_.spawn(main, receiver);
      main.release(run_others(main));
      other = program_.spawn_kept(main, say("other"));
      main.shared().channel_callback = {.installed = true, .code = &callback};
      EXPECT_EQ(error(main, program_.send(main, channel, 9)), "");
      main.shared().channel_callback = {};
      EXPECT_EQ(error(main, run_others(main)), "");
      EXPECT_EQ(channel->balance, 0);
      EXPECT_EQ(main.queue().count, 1u);
      main.release(other);
      main.release(channel);
      return main.none();
    });
    EXPECT_TRUE(ending.ended);
    EXPECT_FALSE(ending.failed);
    EXPECT_EQ(program_.said.back(), "got 9");
    expect_clean();
  }
}

// A schedule callback may not: it is told so, and the switch that it was called for takes place.
TEST_F(BadUse, AScheduleCallbackMaySwitchInNoWay) {
  for (const Switch& each : switches()) {
    SCOPED_TRACE(each.name);
    Tasklet* other = nullptr;
    std::vector<std::string> errors;
    Code& callback = program_.code([&](Thread& thread) {
      if (errors.empty()) errors.push_back(error(thread, each.act(thread, other)));
      return thread.none();
    });
    const Ending ending = program_.run([&](Thread& main) {
      other = program_.spawn_kept(main, say("other"));
      main.shared().schedule_callback = {.installed = true, .code = &callback};
      EXPECT_EQ(error(main, main.schedule(false)), "");
      main.shared().schedule_callback = {};
      EXPECT_EQ(main.queue().count, 1u);
      main.release(other);
      return main.none();
    });
    EXPECT_TRUE(ending.ended);
    EXPECT_FALSE(ending.failed);
    EXPECT_THAT(errors, ElementsAre("recursive_schedule_cb"));
    EXPECT_THAT(program_.said, ElementsAre("other"));
    expect_clean();
  }
}

// It runs in the middle of a release, which goes on when the others have run.
TEST_F(BadUse, AWeakReferenceCallbackMaySwitch) {
  Code& callback = program_.code([&](Thread& thread) {
    program_.say("callback");
    Object* const value = thread.schedule(false);
    program_.say("callback goes on");
    return value;
  });
  program_.run([&](Thread& main) {
    program_.spawn(main, say("other"));
    Tasklet* const tasklet = main.bind(say("never"));
    add_weakref(main, tasklet, &callback);
    main.release(tasklet);
    program_.say("released");
    return main.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("callback", "other", "callback goes on", "released"));
  EXPECT_THAT(program_.events({EventKind::kFin}), testing::Contains("fin 2"));
  expect_clean();
}

// ---- Bodies that break their promise ----

TEST_F(BadUse, ABodyThatReturnsNullWithoutAnExceptionIsAFinding) {
  const Ending ending = program_.run([](Thread&) -> Object* { return nullptr; });
  EXPECT_FALSE(ending.ended);
  EXPECT_THAT(signature(), StartsWith("structure null-without-error"));
}

TEST_F(BadUse, ABodyThatReturnsAValueWithAnExceptionIsAFinding) {
  const Ending ending = program_.run([](Thread& main) {
    main.raise_runtime_error(ErrorCode::kClosed);
    return main.none();
  });
  EXPECT_FALSE(ending.ended);
  EXPECT_THAT(signature(), StartsWith("structure result-with-error"));
}

TEST_F(BadUse, AnExceptionOverAnExceptionIsAFinding) {
  program_.run([](Thread& main) {
    main.raise_runtime_error(ErrorCode::kClosed);
    return main.raise_runtime_error(ErrorCode::kClosed);
  });
  EXPECT_THAT(signature(), StartsWith("structure exception-over-exception"));
}

TEST_F(BadUse, ABodyThatUnwindsWithoutASwitchIsAFinding) {
  const Ending ending = program_.run([](Thread&) { return kUnwind; });
  EXPECT_FALSE(ending.ended);
  EXPECT_THAT(signature(), StartsWith("structure no-frame-to-go-on-with"));
}

// After each of them the runtime is as good as new.
TEST_F(BadUse, AReferenceTooManyIsAFindingThatNamesWhatItIs) {
  const auto released_twice = [&](const std::function<Object*(Thread&)>& make) {
    program_.run([&](Thread& main) {
      Object* const object = make(main);
      main.release(object);
      main.release(object);
      return main.none();
    });
    const std::string found = signature();
    EXPECT_TRUE(program_.run(say("fine")).ended);
    expect_clean();
    return found;
  };
  EXPECT_THAT(released_twice([](Thread& t) { return t.make_token(); }),
              StartsWith("refcount value"));
  EXPECT_THAT(released_twice([](Thread& t) { return t.make_bomb(ExceptionType::kE1); }),
              StartsWith("refcount exception"));
  EXPECT_THAT(released_twice([](Thread& t) { return t.make_channel(0); }),
              StartsWith("refcount channel"));
  EXPECT_THAT(released_twice([&](Thread& t) { return t.bind(say("never")); }),
              StartsWith("dangling-tasklet released"));
}

}  // namespace
}  // namespace reweave::runtime
