// Each rule about parked frames, broken by hand; and none where nobody broke one.
#include "runtime/oracle/parked_frames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/life/references.h"
#include "runtime/oracle/census.h"
#include "runtime/oracle/structure.h"
#include "runtime/tasklet/frame_cache.h"
#include "tests/runtime/native_program.h"

namespace reweave::runtime {
namespace {

using testing::HasSubstr;

// A function whose local variable keeps a channel, and is not cleared when its frame dies.
class ParkedFrames : public testing::Test, protected RootHolder {
 protected:
  ParkedFrames() {
    keeper_.locals_bytes = sizeof(Channel*);
    keeper_.body = this;
    keeper_.execute = [](Thread&, FrameRef self, Object* value) {
      auto& test = *static_cast<ParkedFrames*>(const_cast<void*>(self.frame->code->body));
      self.frame->locals<Channel*>() = test.kept_;
      return value;
    };
    keeper_.visit_locals = [](Frame& frame, ReferenceVisitor& visitor) {
      visitor.visit(frame.locals<Channel*>());
    };
    program_.settings.check_structure = true;
  }

  void visit_roots(ReferenceVisitor& visitor) const override { visitor.visit(kept_); }

  /// Calls keeper_, which keeps a channel if `keeps`; `spoil` is called before the last step.
  template <typename Spoil>
  std::string found(bool keeps, Spoil spoil) {
    kept_ = nullptr;
    program_.run([&](Thread& thread) {
      if (keeps) kept_ = thread.make_channel(0);
      thread.release(evaluate(thread, make_frame(thread, keeper_, keeper_.entry), thread.none()));
      EXPECT_TRUE(program_.execution.step(thread.current()->actor, program_.at("after")));
      spoil(thread);
      StructureOracle::check(thread, program_.at("after"));
      return thread.none();
    });
    if (program_.execution.findings().empty()) return "";
    message_ = program_.execution.findings().front().message;
    return program_.execution.findings().front().signature;
  }
  std::string found(bool keeps) {
    return found(keeps, [](Thread&) {});
  }

  NativeProgram program_;
  Code keeper_;
  Channel* kept_ = nullptr;
  std::string message_;
};

TEST_F(ParkedFrames, AreInOrderWhereNobodyBreaksARule) {
  EXPECT_EQ(found(false), "");
  EXPECT_EQ(program_.execution.outcome(), Outcome::kCompleted);
}

TEST_F(ParkedFrames, KeepNoReferenceAsAZombie) {
  EXPECT_THAT(found(true), HasSubstr("structure parked-frame-keeps-reference"));
  EXPECT_THAT(message_, HasSubstr("the frame that tasklet 0 parked in step 0"));
  EXPECT_THAT(message_, HasSubstr("keeps a reference to a channel"));
}

TEST_F(ParkedFrames, KeepNoReferenceOnTheFreeList) {
  program_.settings.zombie_frames = false;
  EXPECT_THAT(found(true), HasSubstr("structure parked-frame-keeps-reference"));
}

TEST_F(ParkedFrames, KeepNoCaller) {
  EXPECT_THAT(found(false,
                    [this](Thread& thread) {
                      Frame& frame = *keeper_.zombie.frame;
                      sanitizer::unpoison(&frame.back, sizeof frame.back);
                      frame.back = thread.evaluation().running;
                    }),
              HasSubstr("structure parked-frame-keeps-caller"));
}

TEST_F(ParkedFrames, DoNotRun) {
  EXPECT_THAT(found(false, [this](Thread&) { keeper_.zombie.frame->dead = false; }),
              HasSubstr("structure parked-frame-runs"));
}

TEST_F(ParkedFrames, BelongToTheCodeThatKeepsThem) {
  EXPECT_THAT(found(false, [this](Thread&) { ++keeper_.zombie.generation; }),
              HasSubstr("structure parked-frame-of-another"));
}

TEST_F(ParkedFrames, AreLookedAtByTheCensusToo) {
  program_.settings.check_structure = false;
  program_.settings.defects.add(Defect::kPostSwitchClear);  // So that a debug build does not look.
  EXPECT_EQ(found(true), "");
  Census census;
  census.take(program_.runtime, *this);
  ASSERT_FALSE(program_.execution.findings().empty());
  EXPECT_EQ(program_.execution.findings().front().signature,
            "structure parked-frame-keeps-reference");
}

}  // namespace
}  // namespace reweave::runtime
