// Allocation failure from C++: an operation fails whole, with MemoryError, or not at all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/life/weakref.h"
#include "runtime/tasklet/frame_cache.h"
#include "tests/runtime/native_program.h"

namespace reweave::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Fails the allocations whose turn it is told, the next being 1; all else is ordinary.
class Memory final : public Chooser {
 public:
  void fail_next(std::uint32_t turn = 1) { left_ = turn; }
  bool failed() const { return failed_; }
  std::uint32_t asked() const { return asked_; }

  std::uint32_t choose(const Question& question) override {
    if (question.kind != QuestionKind::kFail) return 0;
    ++asked_;
    if (left_ == 0 || --left_ > 0) return 0;
    failed_ = true;
    return 1;
  }

 private:
  std::uint32_t left_ = 0;
  std::uint32_t asked_ = 0;
  bool failed_ = false;
};

class AllocationFailure : public testing::Test {
 protected:
  AllocationFailure() { program_.settings.fail_allocations = true; }

  /// Runs `main` and expects that no oracle has anything to say.
  void run(NativeProgram::Body main) {
    const Ending ending = program_.run_code(program_.code(std::move(main)), memory_);
    EXPECT_TRUE(ending.ended);
    EXPECT_FALSE(ending.failed);
    EXPECT_THAT(program_.execution.findings(), IsEmpty());
  }
  /// The operation that returned `value` failed for want of memory; the error is forgotten.
  static void expect_memory_error(Thread& thread, const Object* value) {
    ASSERT_EQ(value, nullptr);
    ASSERT_NE(thread.error(), nullptr);
    EXPECT_EQ(thread.error()->type, ExceptionType::kMemoryError);
    thread.release(thread.take_error());
  }
  Code& says(const std::string& word) {
    return program_.code([this, word](Thread& thread) {
      program_.say(word);
      return thread.none();
    });
  }

  NativeProgram program_;
  Memory memory_;
};

TEST_F(AllocationFailure, IsNoQuestionUnlessTheSettingIsOn) {
  program_.settings.fail_allocations = false;
  run([&](Thread& thread) {
    program_.spawn(thread, says("runs"));
    return run_others(thread);
  });
  EXPECT_EQ(memory_.asked(), 0u);
  EXPECT_EQ(program_.execution.questions(), 0u);
}

TEST_F(AllocationFailure, OfATaskletOrItsFrameMakesNone) {
  run([&](Thread& thread) {
    for (const std::uint32_t turn : {1u, 2u}) {
      memory_.fail_next(turn);
      expect_memory_error(thread, thread.bind(says("never")));
    }
    Tasklet* const first = thread.bind(says("never"));
    EXPECT_EQ(first->number, 1u);  // What was not made got no number.
    thread.release(first);
    return thread.none();
  });
  EXPECT_EQ(program_.runtime.memory_errors(), 2u);
}

TEST_F(AllocationFailure, OfASavedStackLeavesBothTaskletsWhereTheyWere) {
  run([&](Thread& thread) {
    Tasklet* const other = program_.spawn_kept(thread, says("runs"));
    memory_.fail_next();
    expect_memory_error(thread, thread.schedule(/*soft=*/false));
    EXPECT_EQ(thread.queue().head, thread.current());
    EXPECT_EQ(thread.queue().count, 2u);
    memory_.fail_next();
    expect_memory_error(thread, thread.schedule_remove(/*soft=*/false));
    EXPECT_EQ(thread.queue().head, thread.current());
    memory_.fail_next();
    expect_memory_error(thread, run_others(thread));
    EXPECT_EQ(thread.queue().count, 2u);
    EXPECT_THAT(program_.said, IsEmpty());
    thread.release(thread.schedule(/*soft=*/false));
    thread.release(other);
    return thread.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("runs"));
}

TEST_F(AllocationFailure, OfAHandOverPutsTheReceiverBack) {
  Channel* channel = nullptr;
  run([&](Thread& thread) {
    channel = thread.make_channel(0);
    program_.spawn(thread, program_.code([&](Thread& inner) {
      program_.say(std::to_string(NativeProgram::payload(inner, program_.receive(inner, channel))));
      return inner.none();
    }));
    thread.release(thread.schedule(/*soft=*/false));
    EXPECT_EQ(channel->balance, -1);
    memory_.fail_next(2);  // The value is made, the saved stack is not.
    expect_memory_error(thread, program_.send(thread, channel, 7));
    EXPECT_EQ(channel->balance, -1);
    EXPECT_EQ(thread.queue().count, 1u);
    thread.release(program_.send(thread, channel, 8));
    thread.release(channel);
    return thread.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("8"));
}

TEST_F(AllocationFailure, OfAKillLeavesTheVictimItsValue) {
  Channel* channel = nullptr;
  run([&](Thread& thread) {
    channel = thread.make_channel(0);
    channel->preference = 1;
    Tasklet* const receiver = program_.spawn_kept(thread, program_.code([&](Thread& inner) {
      const auto got = NativeProgram::payload(inner, program_.receive(inner, channel));
      program_.say(std::to_string(got));
      return inner.none();
    }));
    thread.release(thread.schedule(/*soft=*/false));
    thread.release(program_.send(thread, channel, 9));
    for (const std::uint32_t turn : {1u, 2u}) {  // The exception, then the saved stack.
      memory_.fail_next(turn);
      expect_memory_error(thread, thread.kill(receiver, /*soft=*/false));
    }
    thread.release(thread.schedule(/*soft=*/false));
    thread.release(receiver);
    thread.release(channel);
    return thread.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("9"));
}

TEST_F(AllocationFailure, OfASpillSpillsNothing) {
  program_.settings.spill_levels = 1;
  Code& deep = says("deep");
  for (const std::uint32_t turn : {0u, 2u, 3u}) {  // The call's own frame is the first.
    run([&](Thread& thread) {
      memory_.fail_next(turn);
      thread.release(evaluate(thread, make_frame(thread, deep, deep.entry), thread.none()));
      return thread.none();
    });
    EXPECT_THAT(program_.said, ElementsAre("deep"));
    EXPECT_EQ(program_.runtime.main_thread().saved().spills, turn == 0 ? 1u : 0u);
    EXPECT_EQ(program_.runtime.memory_errors(), 0u);
    EXPECT_EQ(program_.runtime.memory_failed(), turn != 0);
  }
}

TEST_F(AllocationFailure, OfAnErrorRaisesMemoryErrorInItsPlace) {
  run([&](Thread& thread) {
    Channel* const channel = thread.make_channel(0);
    memory_.fail_next();
    expect_memory_error(thread, receive(thread, channel, SiteId{}));  // Not the deadlock.
    EXPECT_EQ(channel->balance, 0);
    EXPECT_EQ(NativeProgram::error(thread, receive(thread, channel, SiteId{})), "deadlock");
    thread.release(channel);
    return thread.none();
  });
}

TEST_F(AllocationFailure, OfACallbacksFrameIsTheCallbacksFailure) {
  Code& callback = says("never");
  run([&](Thread& thread) {
    Tasklet* const tasklet = thread.bind(says("never"));
    thread.release(add_weakref(thread, tasklet, &callback));
    memory_.fail_next();
    thread.release(tasklet);
    return thread.none();
  });
  EXPECT_THAT(program_.said, IsEmpty());
  EXPECT_THAT(program_.events({EventKind::kWeakCallback, EventKind::kFin}),
              ElementsAre("wcb 1", "fin 1"));
}

TEST_F(AllocationFailure, ShowsADefectThatForgetsToUndo) {
  program_.settings.defects.add(Defect::kRefusedSwitchKeepsBalance);
  Channel* channel = nullptr;
  const auto main = [&](Thread& thread) {
    channel = thread.make_channel(0);
    program_.spawn(thread, program_.code([&](Thread& inner) {
      return NativeProgram::done(inner, program_.receive(inner, channel));
    }));
    thread.release(thread.schedule(/*soft=*/false));
    memory_.fail_next(2);
    expect_memory_error(thread, program_.send(thread, channel));
    return NativeProgram::done(thread, program_.send(thread, channel));
  };
  program_.run_code(program_.code(main), memory_);
  ASSERT_TRUE(memory_.failed());
  ASSERT_FALSE(program_.execution.findings().empty());
  EXPECT_EQ(program_.execution.findings()[0].kind, FindingKind::kStructure);
}

}  // namespace
}  // namespace reweave::runtime
