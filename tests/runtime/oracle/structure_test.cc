// Each rule of the structure oracle, broken by hand; and none where nobody broke one.
#include "runtime/oracle/structure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/native_program.h"

namespace reweave::runtime {
namespace {

using testing::HasSubstr;

class Structure : public testing::Test {
 protected:
  Structure() { program_.settings.check_structure = true; }

  /// Main with a waiting receiver, a waiting sender on another channel, a queued and a paused
  /// tasklet; `spoil` does the wrong thing in a step at "spoil". Returns the finding's signature.
  template <typename Spoil>
  std::string spoiled(Spoil spoil) {
    Code& receive = program_.code([this](Thread& thread) {
      return NativeProgram::done(thread, program_.receive(thread, first_));
    });
    Code& send = program_.code([this](Thread& thread) {
      return NativeProgram::done(thread, program_.send(thread, second_));
    });
    Code& nothing = program_.code([](Thread& thread) { return thread.none(); });
    program_.run([&](Thread& thread) {
      first_ = thread.make_channel(0);
      second_ = thread.make_channel(1);
      receiver_ = program_.spawn_kept(thread, receive);
      sender_ = program_.spawn_kept(thread, send);
      thread.release(thread.schedule(/*soft=*/false));
      queued_ = program_.spawn_kept(thread, nothing);
      paused_ = thread.bind(nothing);
      step(thread, "before");
      step(thread, "spoil");
      spoil(thread);
      step(thread, "after");
      return thread.none();
    });
    if (program_.execution.findings().empty()) return "";
    message_ = program_.execution.findings().front().message;
    return program_.execution.findings().front().signature;
  }

  void step(Thread& thread, const char* site) {
    EXPECT_TRUE(program_.execution.step(thread.current()->actor, program_.at(site)));
    StructureOracle::check(thread, program_.at(site));
  }

  NativeProgram program_;
  Channel* first_ = nullptr;
  Channel* second_ = nullptr;
  Tasklet* receiver_ = nullptr;
  Tasklet* sender_ = nullptr;
  Tasklet* queued_ = nullptr;
  Tasklet* paused_ = nullptr;
  std::string message_;
};

TEST_F(Structure, IsInOrderWhereNobodyBreaksIt) {
  EXPECT_EQ(spoiled([](Thread&) {}), "");
  EXPECT_EQ(program_.execution.outcome(), Outcome::kCompleted);
}

TEST_F(Structure, NamesTheOperationAfterWhichItIsBroken) {
  EXPECT_EQ(spoiled([this](Thread&) { first_->balance = -2; }), "structure balance spoil");
  EXPECT_THAT(message_, HasSubstr("spoil"));
  EXPECT_EQ(program_.execution.findings().front().step, 2u);
  EXPECT_EQ(program_.execution.findings().size(), 1u);
}

TEST_F(Structure, IsNotLookedAtWithoutItsSetting) {
  program_.settings.check_structure = false;
  // A debug build looks all the same unless a defect is on.
  program_.settings.defects.add(Defect::kPostSwitchClear);
  EXPECT_EQ(spoiled([this](Thread&) { first_->balance = -2; }), "");
}

TEST_F(Structure, HasAsManyInAChannelAsItsBalance) {
  EXPECT_EQ(spoiled([this](Thread&) { first_->balance = 0; }), "structure balance spoil");
}

TEST_F(Structure, HasAllMembersOfAChannelInItsDirection) {
  EXPECT_EQ(spoiled([this](Thread&) { first_->balance = 1; }), "structure direction spoil");
}

TEST_F(Structure, HasMembersThatKnowTheirChannel) {
  EXPECT_EQ(spoiled([this](Thread&) { receiver_->channel = second_; }),
            "structure channel-links spoil");
  EXPECT_THAT(message_, HasSubstr("tasklet 1"));
}

TEST_F(Structure, HasTheLastOfAChannelAtItsTail) {
  EXPECT_EQ(spoiled([this](Thread&) { first_->tail = sender_; }), "structure channel-links spoil");
}

TEST_F(Structure, HasNobodyBlockedWithoutAQueue) {
  EXPECT_EQ(spoiled([this](Thread&) { paused_->blocked = 1; }),
            "structure blocked-in-no-queue spoil");
}

TEST_F(Structure, HasNobodyInAChannelWithoutBeingBlocked) {
  EXPECT_EQ(spoiled([this](Thread&) { paused_->channel = first_; }),
            "structure channel-but-not-blocked spoil");
}

TEST_F(Structure, HasARunQueueLinkedBothWays) {
  EXPECT_EQ(spoiled([this](Thread&) { queued_->previous = receiver_; }),
            "structure run-queue-links spoil");
}

TEST_F(Structure, HasARunQueueOfAsManyAsAreCounted) {
  EXPECT_EQ(spoiled([this](Thread&) {
              // One that only its own links know of.
              paused_->next = paused_->previous = paused_;
            }),
            "structure queued-in-no-queue spoil");
}

TEST_F(Structure, HasNobodyInTheRunQueueThatIsBlocked) {
  EXPECT_EQ(spoiled([this](Thread&) { queued_->blocked = -1; }),
            "structure blocked-in-run-queue spoil");
}

TEST_F(Structure, HasNobodyInAQueueThatHasEnded) {
  EXPECT_EQ(spoiled([this](Thread&) { queued_->ended = true; }), "structure ended-in-queue spoil");
}

TEST_F(Structure, HasNobodyInAQueueThatNobodyOwns) {
  EXPECT_EQ(spoiled([this](Thread&) { sender_->refs = 0; }), "dangling-tasklet in-queue spoil");
}

TEST_F(Structure, HasATempvalInEveryTasklet) {
  EXPECT_EQ(spoiled([this](Thread&) { paused_->tempval = nullptr; }), "null-tempval left spoil");
}

TEST_F(Structure, HasASavedStackExactlyWhereThereIsNesting) {
  EXPECT_EQ(spoiled([this](Thread&) { receiver_->cstate->nesting_level = 0; }),
            "structure nesting-level spoil");
}

TEST_F(Structure, HasSuspendedFramesThatLive) {
  EXPECT_EQ(spoiled([this](Thread&) { ++receiver_->frame.generation; }),
            "dangling-frame suspended spoil");
}

TEST_F(Structure, HasSavedStacksLinkedBothWays) {
  EXPECT_EQ(spoiled([this](Thread&) { receiver_->cstate->previous = nullptr; }),
            "structure saved-stack-links spoil");
}

}  // namespace
}  // namespace reweave::runtime
