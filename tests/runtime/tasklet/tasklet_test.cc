// Tasklets from C++: the run queue, run(), switching, killing, ending, weak references, deadlock.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/life/weakref.h"
#include "runtime/tasklet/tasklet_state.h"
#include "tests/runtime/native_program.h"

namespace reweave::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Tasklets : public testing::Test {
 protected:
  /// Says "name 1", "name 2", … and schedules after each.
  Code& ticker(const std::string& name, int count) {
    return program_.code([this, name, count](Thread& thread) {
      for (int i = 1; i <= count; ++i) {
        program_.say(name + std::to_string(i));
        Object* const value = thread.schedule(false);
        if (value == nullptr) return value;
        thread.release(value);
      }
      return thread.none();
    });
  }
  /// Leaves the run queue; what wakes it is said.
  Code& sleeper(const std::string& name) {
    return program_.code([this, name](Thread& thread) {
      program_.say(name + " sleeps");
      Object* const value = thread.schedule_remove(false);
      if (value == nullptr) {
        program_.say(name + " raised " + NativeProgram::exception_word(thread.error()->type));
        return value;
      }
      thread.release(value);
      program_.say(name + " wakes");
      return thread.none();
    });
  }
  Code& say(const std::string& word) {
    return program_.code([this, word](Thread& thread) {
      program_.say(word);
      return thread.none();
    });
  }
  Code& raiser(ExceptionType type) {
    return program_.code([type](Thread& thread) { return thread.raise(thread.make_bomb(type)); });
  }
  void expect_clean() { EXPECT_THAT(program_.execution.findings(), IsEmpty()); }

  NativeProgram program_;
};

TEST_F(Tasklets, MainRunsAndEnds) {
  const Ending ending = program_.run([&](Thread& thread) {
    EXPECT_EQ(thread.current(), thread.main_tasklet());
    EXPECT_EQ(thread.current()->number, 0u);
    EXPECT_EQ(thread.queue().count, 1u);
    return thread.none();
  });
  EXPECT_TRUE(ending.ended);
  EXPECT_FALSE(ending.failed);
  expect_clean();
}

TEST_F(Tasklets, AnExceptionOfMainIsHowItEnded) {
  const Ending ending = program_.run(raiser(ExceptionType::kValueError));
  EXPECT_TRUE(ending.ended);
  EXPECT_TRUE(ending.failed);
  EXPECT_EQ(ending.exception, ExceptionType::kValueError);
}

TEST_F(Tasklets, TakeTurnsInTheOrderInWhichTheyWereQueued) {
  program_.run([&](Thread& thread) {
    program_.spawn(thread, ticker("a", 2));
    program_.spawn(thread, ticker("b", 3));
    for (int i = 1; i <= 4; ++i) {
      program_.say("main" + std::to_string(i));
      thread.release(thread.schedule(false));
    }
    return thread.none();
  });
  EXPECT_THAT(program_.said,
              ElementsAre("main1", "a1", "b1", "main2", "a2", "b2", "main3", "b3", "main4"));
  expect_clean();
}

TEST_F(Tasklets, RunReturnsWhenNoneIsRunnable) {
  program_.run([&](Thread& thread) {
    program_.spawn(thread, ticker("a", 2));
    Tasklet* const kept = program_.spawn_kept(thread, sleeper("s"));
    thread.release(run_others(thread));
    program_.say("ran");
    EXPECT_TRUE(is_alive(kept));
    EXPECT_FALSE(kept->in_run_queue());
    thread.release(thread.insert(kept));
    thread.release(run_others(thread));
    EXPECT_FALSE(is_alive(kept));
    thread.release(kept);
    return thread.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("a1", "s sleeps", "a2", "ran", "s wakes"));
  EXPECT_THAT(program_.events({EventKind::kFin}), ElementsAre("fin 1", "fin 2"));
  expect_clean();
}

TEST_F(Tasklets, RunNests) {
  Code& inner = program_.code([&](Thread& thread) {
    program_.say("inner runs");
    thread.release(run_others(thread));
    program_.say("inner ran");
    return thread.none();
  });
  program_.run([&](Thread& thread) {
    program_.spawn(thread, inner);
    program_.spawn(thread, ticker("a", 2));
    thread.release(run_others(thread));
    program_.say("main ran");
    return thread.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("inner runs", "a1", "a2", "inner ran", "main ran"));
  expect_clean();
}

TEST_F(Tasklets, WhoeverIsWokenInAnOuterRunFreesTheInnerOnes) {
  Code& inner = program_.code([&](Thread& thread) {
    program_.say("inner runs");
    thread.release(run_others(thread));
    program_.say("inner ran");
    return thread.none();
  });
  Code& waker = program_.code([&](Thread& thread) {
    program_.say("waker");
    thread.release(thread.run_tasklet(thread.main_tasklet(), false));
    program_.say("waker ends");
    return thread.none();
  });
  program_.run([&](Thread& thread) {
    program_.spawn(thread, inner);
    program_.spawn(thread, waker);
    thread.release(run_others(thread));
    program_.say("main woken");
    thread.release(run_others(thread));
    program_.say("main ran");
    return thread.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("inner runs", "waker", "main woken", "waker ends",
                                         "inner ran", "main ran"));
  expect_clean();
}

TEST_F(Tasklets, RunInsideOfManyRunsIsRefused) {
  int depth = 0;
  std::string error;
  Code* nest = nullptr;
  nest = &program_.code([&](Thread& thread) {
    if (++depth <= 100) program_.spawn(thread, *nest);
    Object* const value = run_others(thread);
    if (value != nullptr) {
      thread.release(value);
    } else {
      if (error.empty()) error = error_code_name(thread.error()->code);
      thread.release(thread.take_error());
    }
    return thread.none();
  });
  const Ending ending = program_.run(*nest);
  EXPECT_TRUE(ending.ended);
  EXPECT_EQ(error, "nesting");
  expect_clean();
}

TEST_F(Tasklets, InsertingTwiceIsOnce) {
  program_.run([&](Thread& thread) {
    Tasklet* const tasklet = thread.bind(say("once"));
    EXPECT_EQ(tasklet->refs, 1u);
    thread.release(thread.insert(tasklet));
    thread.release(thread.insert(tasklet));
    EXPECT_EQ(thread.queue().count, 2u);
    EXPECT_EQ(tasklet->refs, 2u);
    thread.release(tasklet);
    return NativeProgram::done(thread, run_others(thread));
  });
  EXPECT_THAT(program_.said, ElementsAre("once"));
  expect_clean();
}

TEST_F(Tasklets, RemovingTheLastHolderEndsIt) {
  program_.run([&](Thread& thread) {
    Tasklet* const tasklet = thread.bind(say("never"));
    thread.release(thread.insert(tasklet));
    thread.release(tasklet);
    thread.release(thread.remove(tasklet));
    program_.say("removed");
    return NativeProgram::done(thread, run_others(thread));
  });
  EXPECT_THAT(program_.said, ElementsAre("removed"));
  EXPECT_THAT(program_.events({EventKind::kFin}), ElementsAre("fin 1"));
  expect_clean();
}

TEST_F(Tasklets, WhatIsNotPossibleIsRefused) {
  Channel* channel = nullptr;
  Code& blocked = program_.code([&](Thread& thread) { return program_.receive(thread, channel); });
  program_.run([&](Thread& thread) {
    channel = thread.make_channel(0);
    Tasklet* const waits = program_.spawn_kept(thread, blocked);
    Tasklet* const dead = program_.spawn_kept(thread, say("short life"));
    thread.release(run_others(thread));
    const auto error = [&](Object* value) { return NativeProgram::error(thread, value); };
    EXPECT_EQ(error(thread.insert(waits)), "run_blocked");
    EXPECT_EQ(error(thread.run_tasklet(waits, false)), "run_blocked");
    EXPECT_EQ(error(thread.switch_to(waits, false)), "run_blocked");
    EXPECT_EQ(error(thread.remove(waits)), "remove_blocked");
    EXPECT_EQ(error(thread.remove(thread.current())), "remove_current");
    EXPECT_EQ(error(thread.insert(dead)), "run_dead");
    EXPECT_EQ(error(thread.run_tasklet(dead, false)), "run_dead");
    EXPECT_EQ(error(thread.switch_to(dead, false)), "run_dead");
    EXPECT_EQ(error(thread.throw_at(dead, thread.make_bomb(ExceptionType::kE1), false)),
              "throw_dead");
    EXPECT_EQ(error(thread.kill(dead, false)), "") << "killing a dead one does nothing";
    thread.guard().trap += 1;
    EXPECT_EQ(error(thread.kill(waits, false)), "switch_trap");
    EXPECT_EQ(error(run_others(thread)), "") << "nobody to switch to";
    thread.guard().trap -= 1;
    thread.release(waits);
    thread.release(dead);
    return thread.none();
  });
  expect_clean();
}

TEST_F(Tasklets, RunAndSwitchGoThereAtOnce) {
  program_.run([&](Thread& thread) {
    Tasklet* const first = thread.bind(ticker("a", 1));
    Tasklet* const second = thread.bind(sleeper("b"));
    thread.release(thread.run_tasklet(first, false));
    program_.say("main");
    thread.release(thread.run_tasklet(second, false));
    program_.say("main again");
    thread.release(first);
    // The caller of switch_to() leaves the run queue; the one who sleeps wakes it by ending.
    thread.release(thread.switch_to(second, false));
    program_.say("main back");
    thread.release(second);
    return thread.none();
  });
  EXPECT_THAT(program_.said,
              ElementsAre("a1", "main", "b sleeps", "main again", "b wakes", "main back"));
  expect_clean();
}

// ---- Kill ----

TEST_F(Tasklets, AKillRaisesTaskletExitWhereItWaits) {
  program_.run([&](Thread& thread) {
    Tasklet* const tasklet = program_.spawn_kept(thread, sleeper("s"));
    thread.release(run_others(thread));
    thread.release(thread.kill(tasklet, false));
    program_.say("killed");
    EXPECT_FALSE(is_alive(tasklet));
    thread.release(tasklet);
    return thread.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("s sleeps", "s raised TaskletExit", "killed"));
  expect_clean();
}

TEST_F(Tasklets, OneThatNeverRanIsKilledWithoutRunning) {
  program_.run([&](Thread& thread) {
    Tasklet* const tasklet = thread.bind(say("never"));
    thread.release(thread.kill(tasklet, false));
    EXPECT_FALSE(is_alive(tasklet));
    thread.release(tasklet);
    return thread.none();
  });
  EXPECT_THAT(program_.said, IsEmpty());
  expect_clean();
}

TEST_F(Tasklets, OneWithACStackIsKilledBeforeItDies) {
  program_.run([&](Thread& thread) {
    Tasklet* const tasklet = program_.spawn_kept(thread, sleeper("s"));
    thread.release(run_others(thread));
    thread.release(tasklet);  // Its last holder.
    program_.say("dropped");
    return thread.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("s sleeps", "s raised TaskletExit", "dropped"));
  EXPECT_THAT(program_.events({EventKind::kFin}), ElementsAre("fin 1"));
  expect_clean();
}

TEST_F(Tasklets, AnExceptionInPlaceOfTaskletExitIsForgottenWhenTheLastHolderGoes) {
  Code& rude = program_.code([&](Thread& thread) {
    Object* const value = thread.schedule_remove(false);
    EXPECT_EQ(value, nullptr);
    thread.release(thread.take_error());
    return thread.raise(thread.make_bomb(ExceptionType::kValueError));
  });
  program_.run([&](Thread& thread) {
    Tasklet* const tasklet = program_.spawn_kept(thread, rude);
    thread.release(run_others(thread));
    thread.release(tasklet);
    EXPECT_EQ(thread.error(), nullptr);
    return thread.none();
  });
  EXPECT_THAT(program_.events({EventKind::kFin}), ElementsAre("fin 1"));
  expect_clean();
}

TEST_F(Tasklets, OneThatSurvivesTenKillsIsGivenUp) {
  int survived = 0;
  Code& stubborn = program_.code([&](Thread& thread) {
    for (;;) {
      Object* const value = thread.schedule_remove(false);
      if (value != nullptr) {
        thread.release(value);
      } else {
        ++survived;
        thread.release(thread.take_error());
      }
    }
    return thread.none();
  });
  const Ending ending = program_.run([&](Thread& thread) {
    Tasklet* const tasklet = program_.spawn_kept(thread, stubborn);
    thread.release(run_others(thread));
    thread.release(tasklet);
    return thread.none();
  });
  EXPECT_TRUE(ending.ended);
  EXPECT_EQ(survived, 10);
  EXPECT_THAT(program_.events({EventKind::kFin}), IsEmpty());
  expect_clean();
}

TEST_F(Tasklets, AKillAtOneselfRaisesHere) {
  const Ending ending = program_.run([&](Thread& thread) {
    Object* const value = thread.kill(thread.current(), false);
    EXPECT_EQ(value, nullptr);
    return value;
  });
  EXPECT_TRUE(ending.failed);
  EXPECT_EQ(ending.exception, ExceptionType::kTaskletExit);
}

TEST_F(Tasklets, AnUncaughtExceptionComesOutOfTheInnermostRun) {
  program_.run([&](Thread& thread) {
    program_.spawn(thread, raiser(ExceptionType::kValueError));
    program_.spawn(thread, say("not yet"));
    EXPECT_EQ(NativeProgram::error(thread, run_others(thread)), "ValueError");
    EXPECT_THAT(program_.said, IsEmpty());
    return NativeProgram::done(thread, run_others(thread));
  });
  EXPECT_THAT(program_.said, ElementsAre("not yet"));
  expect_clean();
}

// ---- Weak references ----

TEST_F(Tasklets, WeakReferencesAreCalledNewestFirstAndBeforeTheEnd) {
  program_.run([&](Thread& thread) {
    Tasklet* const tasklet = thread.bind(say("never"));
    add_weakref(thread, tasklet, &say("first"));
    add_weakref(thread, tasklet, &say("second"));
    add_weakref(thread, tasklet, &raiser(ExceptionType::kE1));  // Logged and forgotten.
    add_weakref(thread, tasklet, &say("fourth"));
    thread.release(tasklet);
    program_.say("main");
    EXPECT_EQ(thread.error(), nullptr);
    return thread.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("fourth", "second", "first", "main"));
  EXPECT_THAT(program_.events({EventKind::kWeakCallback, EventKind::kWeakCallbackEnd,
                               EventKind::kFin, EventKind::kCaught}),
              ElementsAre("wcb 1", "wcbend 1", "wcb 1", "exc 0", "wcbend 1", "wcb 1", "wcbend 1",
                          "wcb 1", "wcbend 1", "fin 1"));
  expect_clean();
}

TEST_F(Tasklets, AWeakReferenceOfOneThatEndedIsCalledInWhoRunsNext) {
  std::uint32_t called_in = 99;
  Code& callback = program_.code([&](Thread& thread) {
    called_in = thread.current()->number;
    return thread.none();
  });
  program_.run([&](Thread& thread) {
    Tasklet* const dies = program_.spawn_kept(thread, ticker("a", 1));
    program_.spawn(thread, ticker("b", 3));
    add_weakref(thread, dies, &callback);
    thread.release(dies);
    return NativeProgram::done(thread, run_others(thread));
  });
  EXPECT_EQ(called_in, 2u);
  expect_clean();
}

TEST_F(Tasklets, APendingExceptionSurvivesTheRelease) {
  program_.run([&](Thread& thread) {
    Tasklet* const tasklet = thread.bind(say("never"));
    add_weakref(thread, tasklet, &raiser(ExceptionType::kE1));
    thread.raise(thread.make_bomb(ExceptionType::kValueError));
    thread.release(tasklet);
    EXPECT_EQ(NativeProgram::error(thread, nullptr), "ValueError");
    return thread.none();
  });
  expect_clean();
}

// ---- Deadlock ----

TEST_F(Tasklets, TheLastRunnableOneMayNotBlock) {
  program_.run([&](Thread& thread) {
    Channel* const channel = thread.make_channel(0);
    EXPECT_EQ(NativeProgram::error(thread, program_.receive(thread, channel)), "deadlock");
    EXPECT_EQ(NativeProgram::error(thread, program_.send(thread, channel)), "deadlock");
    EXPECT_EQ(channel->balance, 0);
    EXPECT_EQ(thread.queue().count, 1u);
    return thread.none();
  });
  expect_clean();
}

TEST_F(Tasklets, MainIsToldWhenNobodyIsLeftToServeIt) {
  Channel* channel = nullptr;
  program_.run([&](Thread& thread) {
    channel = thread.make_channel(0);
    program_.spawn(thread, say("ends"));
    EXPECT_EQ(NativeProgram::error(thread, program_.receive(thread, channel)),
              "main_recv_deadlock");
    program_.spawn(thread, say("ends"));
    EXPECT_EQ(NativeProgram::error(thread, program_.send(thread, channel)), "main_send_deadlock");
    EXPECT_EQ(channel->balance, 0);
    return thread.none();
  });
  expect_clean();
}

// ---- The schedule callback ----

TEST_F(Tasklets, TheScheduleCallbackSeesEachSwitch) {
  std::vector<std::uint32_t> seen;
  Code& callback = program_.code([&](Thread& thread) {
    seen.push_back(thread.current()->number);
    EXPECT_EQ(NativeProgram::error(thread, thread.schedule(false)), "recursive_schedule_cb");
    return thread.none();
  });
  program_.run([&](Thread& thread) {
    program_.spawn(thread, say("a"));
    thread.shared().schedule_callback = {.installed = true, .code = &callback};
    thread.release(thread.schedule(false));
    thread.shared().schedule_callback = {};
    return thread.none();
  });
  EXPECT_THAT(seen, ElementsAre(0u, 1u));
  EXPECT_THAT(program_.events({EventKind::kScheduleCallback}), ElementsAre("schcb 0", "schcb 1"));
  expect_clean();
}

TEST_F(Tasklets, AScheduleCallbackMayNotUseChannelsForOneThatLeaves) {
  std::vector<std::string> errors;
  Channel* channel = nullptr;
  Code& callback = program_.code([&](Thread& thread) {
    errors.push_back(NativeProgram::error(thread, receive(thread, channel, SiteId{})));
    errors.push_back(NativeProgram::error(thread, program_.send(thread, channel)));
    return thread.none();
  });
  program_.run([&](Thread& thread) {
    channel = thread.make_channel(0);
    program_.spawn(thread, say("a"));
    thread.shared().schedule_callback = {.installed = true, .code = &callback};
    thread.release(run_others(thread));
    thread.shared().schedule_callback = {};
    return thread.none();
  });
  EXPECT_EQ(errors.size(), 4u);
  EXPECT_THAT(errors, testing::Each("recursive_schedule_cb"));
  EXPECT_EQ(channel->balance, 0);
  expect_clean();
}

TEST_F(Tasklets, AScheduleCallbackMayRemoveTheOneThatIsAboutToRun) {
  Tasklet* next = nullptr;
  Code& callback = program_.code([&](Thread& thread) {
    if (next == nullptr) return thread.none();
    Tasklet* const removed = next;
    next = nullptr;
    return thread.remove(removed);
  });
  program_.run([&](Thread& thread) {
    Tasklet* const tasklet = program_.spawn_kept(thread, say("runs all the same"));
    next = tasklet;
    thread.shared().schedule_callback = {.installed = true, .code = &callback};
    thread.release(thread.schedule(false));
    thread.shared().schedule_callback = {};
    thread.release(tasklet);
    return thread.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("runs all the same"));
  EXPECT_THAT(program_.events({EventKind::kFin}), ElementsAre("fin 1"));
  expect_clean();
}

// ---- The host's side ----

TEST_F(Tasklets, WhatIsSuspendedAtTheEndIsAbandoned) {
  for (int i = 0; i < 50; ++i) {
    const Ending ending = program_.run([&](Thread& thread) {
      for (int k = 0; k < 3; ++k) program_.spawn(thread, ticker("a", 100));
      thread.release(thread.schedule(false));
      return thread.none();
    });
    EXPECT_TRUE(ending.ended);
    EXPECT_EQ(program_.said.size(), 3u);
  }
  EXPECT_LE(program_.thread.shared().slice_cache.counts().allocations, 10u);
}

TEST_F(Tasklets, RunIsNotReentrant) {
  EXPECT_DEATH(program_.run([&](Thread& thread) {
    Ordinary ordinary;
    Execution other;
    other.begin(ordinary);
    Settings settings;
    program_.runtime.run(say("inner"), settings, other, program_);
    return thread.none();
  }),
               "Runtime::run\\(\\) was called from within an execution");
}

TEST_F(Tasklets, AStoppedExecutionIsFollowedByAnother) {
  for (int i = 0; i < 3; ++i) {
    const Ending stopped = program_.run([&](Thread& thread) -> Object* {
      program_.spawn(thread, ticker("a", 3));
      thread.release(thread.schedule(false));
      program_.settings.limits.steps_max = 0;
      Finding finding;
      finding.kind = FindingKind::kAssertion;
      finding.signature = "assertion test";
      thread.execution().report(std::move(finding), /*stops=*/true);
      thread.abandon();
    });
    EXPECT_FALSE(stopped.ended);
    EXPECT_THAT(program_.said, ElementsAre("a1"));
    EXPECT_TRUE(program_.run(say("fine")).ended);
  }
}

TEST_F(Tasklets, TwoRuntimesDoNotKnowOfEachOther) {
  NativeProgram other;
  std::vector<std::string> order;
  program_.run([&](Thread& thread) {
    program_.spawn(thread, ticker("outer", 2));
    thread.release(thread.schedule(false));
    // From within one runtime's tasklet, a whole execution of another runtime.
    const Ending ending = other.run([&](Thread& inner) {
      other.spawn(inner, other.code([&](Thread& in) {
        other.say("inside");
        return in.none();
      }));
      inner.release(run_others(inner));
      return inner.none();
    });
    EXPECT_TRUE(ending.ended);
    return NativeProgram::done(thread, run_others(thread));
  });
  EXPECT_THAT(other.said, ElementsAre("inside"));
  EXPECT_THAT(program_.said, ElementsAre("outer1", "outer2"));
  expect_clean();
}

}  // namespace
}  // namespace reweave::runtime
