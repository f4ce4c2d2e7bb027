// The cycle collector: what only refers to itself dies, in order, with its callbacks; all else
// stays.
#include "runtime/life/collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/life/weakref.h"
#include "runtime/tasklet/channel.h"
#include "tests/runtime/native_program.h"

namespace reweave::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Code whose frame holds one object, and that is suspended softly until it is resumed.
class HoldingCode {
 public:
  /// Waits in a channel, or nowhere if it is null.
  explicit HoldingCode(Channel* const* channel = nullptr) : channel_(channel) {
    code_.execute = &HoldingCode::execute;
    code_.clear_locals = &HoldingCode::clear;
    code_.visit_locals = &HoldingCode::visit;
    code_.locals_bytes = sizeof(Locals);
    code_.body = this;
  }
  HoldingCode(const HoldingCode&) = delete;
  HoldingCode& operator=(const HoldingCode&) = delete;

  Code& code() { return code_; }
  /// `tasklet`, which runs such code and is not running, holds `object` (owned) from now on.
  static void hold(Tasklet* tasklet, Object* object) {
    tasklet->frame.frame->locals<Locals>().held = object;
  }

 private:
  struct Locals {
    Object* held;
    bool waits;
  };
  static Object* execute(Thread& thread, FrameRef self, Object* value) {
    auto& locals = self.frame->locals<Locals>();
    if (value == nullptr || locals.waits) return value;
    locals.waits = true;
    thread.release(value);
    Channel* const* const channel =
        static_cast<const HoldingCode*>(self.frame->code->body)->channel_;
    return channel == nullptr ? thread.schedule_remove(/*soft=*/true)
                              : take(thread, *channel, /*soft=*/true);
  }
  static void clear(Thread& thread, Frame& frame) {
    Object* const held = std::exchange(frame.locals<Locals>().held, nullptr);
    if (held != nullptr) thread.release(held);
  }
  static void visit(Frame& frame, ReferenceVisitor& visitor) {
    visitor.visit(frame.locals<Locals>().held);
  }

  Channel* const* channel_;
  Code code_;
};

class CollectorTest : public testing::Test {
 protected:
  void run(NativeProgram::Body main) {
    program_.settings.check_structure = true;
    const Ending ending = program_.run(std::move(main));
    EXPECT_TRUE(ending.ended);
    EXPECT_FALSE(ending.failed);
    EXPECT_THAT(program_.execution.findings(), IsEmpty());
  }
  /// Two suspended tasklets, of which nobody but the caller holds any, each once.
  void suspend_two(Thread& thread) {
    a_ = program_.spawn_kept(thread, holding_.code());
    b_ = program_.spawn_kept(thread, holding_.code());
    thread.release(thread.schedule(/*soft=*/false));
    ASSERT_FALSE(a_->in_run_queue());
    ASSERT_FALSE(b_->in_run_queue());
  }
  /// The same, and they hold each other.
  void make_cycle(Thread& thread) {
    suspend_two(thread);
    HoldingCode::hold(a_, retain(b_));
    HoldingCode::hold(b_, retain(a_));
  }
  void give_back(Thread& thread) {
    thread.release(a_);
    thread.release(b_);
  }
  std::vector<std::string> ends() const {
    return program_.events({EventKind::kWeakCallback, EventKind::kFin});
  }
  std::uint32_t collected() const { return program_.runtime.collector().collected(); }
  std::uint32_t live() const { return program_.runtime.heap().live(ObjectKind::kTasklet); }

  NativeProgram program_;
  HoldingCode holding_;
  Tasklet* a_ = nullptr;
  Tasklet* b_ = nullptr;
};

TEST_F(CollectorTest, TakesTaskletsThatOnlyHoldEachOther) {
  run([&](Thread& thread) {
    make_cycle(thread);
    give_back(thread);
    EXPECT_EQ(live(), 3u);
    EXPECT_THAT(ends(), IsEmpty());
    collect_garbage(thread);
    EXPECT_EQ(live(), 1u);
    EXPECT_EQ(program_.runtime.heap().live(ObjectKind::kFrame), 1u);
    return thread.none();
  });
  EXPECT_THAT(ends(), ElementsAre("fin 1", "fin 2"));
  EXPECT_EQ(collected(), 2u);
}

TEST_F(CollectorTest, TakesOneThatHoldsItself) {
  run([&](Thread& thread) {
    suspend_two(thread);
    HoldingCode::hold(a_, retain(a_));
    give_back(thread);
    collect_garbage(thread);
    return thread.none();
  });
  EXPECT_THAT(ends(), ElementsAre("fin 2", "fin 1"));  // The second at once, by its count.
  EXPECT_EQ(collected(), 1u);
}

TEST_F(CollectorTest, LeavesWhatIsHeldFromOutsideAndWhatThatHolds) {
  run([&](Thread& thread) {
    make_cycle(thread);
    thread.release(b_);  // `a` alone is still held, and holds it.
    collect_garbage(thread);
    EXPECT_EQ(live(), 3u);
    EXPECT_THAT(ends(), IsEmpty());
    thread.release(a_);
    collect_garbage(thread);
    EXPECT_EQ(live(), 1u);
    return thread.none();
  });
  EXPECT_THAT(ends(), ElementsAre("fin 1", "fin 2"));
}

TEST_F(CollectorTest, LeavesWhoHasASavedStack) {
  Tasklet* hard = nullptr;
  run([&](Thread& thread) {
    hard = program_.spawn_kept(thread, program_.code([](Thread& inner) {
      return NativeProgram::done(inner, inner.schedule_remove(/*soft=*/false));
    }));
    thread.release(thread.schedule(/*soft=*/false));
    thread.release(hard->tempval);
    hard->tempval = hard;  // Its only reference, from within.
    collect_garbage(thread);
    EXPECT_FALSE(hard->dead);
    EXPECT_EQ(hard->refs, 1u);
    hard->tempval = thread.none();
    thread.release(hard);  // Killed, as ever.
    return thread.none();
  });
  EXPECT_EQ(collected(), 0u);
  EXPECT_THAT(ends(), ElementsAre("fin 1"));
}

// It dies by its count, when the garbage gives up what it holds: after the callbacks.
TEST_F(CollectorTest, KillsWhoHasASavedStackAndIsHeldByGarbageAlone) {
  run([&](Thread& thread) {
    Tasklet* const hard = program_.spawn_kept(thread, program_.code([&](Thread& inner) {
      Object* const value = inner.schedule_remove(/*soft=*/false);
      program_.say(NativeProgram::error(inner, value));
      return inner.none();
    }));
    suspend_two(thread);
    HoldingCode::hold(a_, retain(a_));
    HoldingCode::hold(b_, hard);
    a_->tempval = (thread.release(a_->tempval), b_);
    thread.release(a_);
    collect_garbage(thread);
    EXPECT_EQ(live(), 1u);
    return thread.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("TaskletExit"));
  EXPECT_THAT(ends(), ElementsAre("fin 2", "fin 3", "fin 1"));
}

TEST_F(CollectorTest, CallsEachWeakReferenceOnceWhileEverythingIsWhole) {
  run([&](Thread& thread) {
    make_cycle(thread);
    const auto callback = [&](const std::string& word) -> Code& {
      return program_.code([this, word](Thread& inner) {
        EXPECT_TRUE(a_->frame && b_->frame);
        program_.say(word);
        collect_garbage(inner);  // One at a time: does nothing.
        return inner.none();
      });
    };
    thread.release(add_weakref(thread, a_, &callback("a, older")));
    thread.release(add_weakref(thread, a_, &callback("a, newer")));
    thread.release(add_weakref(thread, b_, &callback("b")));
    give_back(thread);
    collect_garbage(thread);
    collect_garbage(thread);
    EXPECT_EQ(live(), 1u);
    return thread.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("a, newer", "a, older", "b"));
  EXPECT_THAT(ends(), ElementsAre("wcb 1", "wcb 1", "fin 1", "wcb 2", "fin 2"));
}

TEST_F(CollectorTest, LeavesAllOfItWhenACallbackHasTakenSomeBack) {
  run([&](Thread& thread) {
    make_cycle(thread);
    thread.release(add_weakref(thread, b_, &program_.code([&](Thread& inner) {
      retain(a_);
      return inner.none();
    })));
    give_back(thread);
    collect_garbage(thread);
    EXPECT_EQ(collected(), 0u);
    EXPECT_EQ(live(), 3u);
    EXPECT_TRUE(a_->frame && b_->frame);
    EXPECT_EQ(a_->refs, 2u);
    EXPECT_EQ(b_->refs, 1u);
    thread.release(a_);
    collect_garbage(thread);
    EXPECT_EQ(live(), 1u);
    return thread.none();
  });
  EXPECT_THAT(ends(), ElementsAre("fin 1", "wcb 2", "fin 2"));  // And not again.
  EXPECT_EQ(collected(), 2u);
}

// The historical bug: the collector found an object in its destruction, and destroyed it again.
TEST_F(CollectorTest, LeavesWhoIsBeingDestroyedAlready) {
  run([&](Thread& thread) {
    make_cycle(thread);
    HoldingCode::hold(b_, nullptr);
    thread.release(a_);  // Held by the caller alone now; it holds the other one.
    for (Tasklet* const tasklet : {a_, b_}) {
      thread.release(add_weakref(thread, tasklet, &program_.code([](Thread& inner) {
        collect_garbage(inner);
        return inner.none();
      })));
    }
    give_back(thread);
    EXPECT_EQ(live(), 1u);
    return thread.none();
  });
  EXPECT_THAT(ends(), ElementsAre("wcb 1", "fin 1", "wcb 2", "fin 2"));
  EXPECT_EQ(collected(), 0u);
}

// A callback may switch, and others run meanwhile.
TEST_F(CollectorTest, GoesOnAfterACallbackThatSwitches) {
  run([&](Thread& thread) {
    make_cycle(thread);
    thread.release(add_weakref(thread, a_, &program_.code([&](Thread& inner) {
      program_.say("begins");
      inner.release(inner.schedule(/*soft=*/false));
      program_.say("ends");
      return inner.none();
    })));
    give_back(thread);
    program_.spawn(thread, program_.code([&](Thread& inner) {
      program_.say("runs");
      collect_garbage(inner);
      return inner.none();
    }));
    collect_garbage(thread);
    return thread.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("begins", "runs", "ends"));
  EXPECT_EQ(collected(), 2u);
}

TEST_F(CollectorTest, TakesAChannelWithThoseWhoWaitInIt) {
  Channel* channel = nullptr;
  HoldingCode waits(&channel);
  run([&](Thread& thread) {
    channel = thread.make_channel(0);
    Tasklet* const waiting = program_.spawn_kept(thread, waits.code());
    thread.release(thread.schedule(/*soft=*/false));
    EXPECT_EQ(channel->balance, -1);
    HoldingCode::hold(waiting, channel);
    thread.release(waiting);
    collect_garbage(thread);
    EXPECT_EQ(live(), 1u);
    EXPECT_EQ(program_.runtime.heap().live(ObjectKind::kChannel), 0u);
    return thread.none();
  });
  EXPECT_THAT(ends(), ElementsAre("fin 1"));
  EXPECT_EQ(collected(), 2u);
}

TEST_F(CollectorTest, ForgetsWhatAnEndedProgramLeftHalfDone) {
  run([&](Thread& thread) {
    Tasklet* const collects = program_.spawn_kept(thread, program_.code([&](Thread& inner) {
      make_cycle(inner);
      inner.release(add_weakref(inner, a_, &program_.code([](Thread& callback) {
        return NativeProgram::done(callback, callback.schedule_remove(/*soft=*/false));
      })));
      give_back(inner);
      collect_garbage(inner);
      return inner.none();
    }));
    thread.release(run_others(thread));
    EXPECT_TRUE(program_.runtime.collector().collecting());
    (void)collects;  // Suspended in the callback when the program ends.
    return thread.none();
  });
  run([&](Thread& thread) {
    EXPECT_FALSE(program_.runtime.collector().collecting());
    make_cycle(thread);
    give_back(thread);
    collect_garbage(thread);
    return thread.none();
  });
  EXPECT_EQ(collected(), 2u);
}

}  // namespace
}  // namespace reweave::runtime
