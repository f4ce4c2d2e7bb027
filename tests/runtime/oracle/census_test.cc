// What the census says of counts that were spoilt by hand at the end of a program, and that it says
// nothing of those that are right.
#include "runtime/oracle/census.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/native_program.h"

namespace reweave::runtime {
namespace {

using testing::HasSubstr;

/// Main spoils what it likes; then the census is taken with `kept` as the host's references.
class CensusTest : public testing::Test, protected RootHolder {
 protected:
  template <typename Body>
  std::vector<std::string> taken(Body body) {
    program_.run([&](Thread& thread) {
      body(thread);
      return thread.none();
    });
    census_.take(program_.runtime, *this);
    std::vector<std::string> signatures;
    for (const Finding& finding : program_.execution.findings())
      signatures.push_back(finding.signature);
    return signatures;
  }

  void visit_roots(ReferenceVisitor& visitor) const override {
    for (Object* const object : kept_) visitor.visit(object);
  }

  using Signatures = std::vector<std::string>;
  NativeProgram program_;
  Census census_;
  std::vector<Object*> kept_;
};

TEST_F(CensusTest, IsSilentWhereEveryCountIsRight) {
  EXPECT_EQ(taken([&](Thread& thread) {
              kept_.push_back(thread.make_channel(0));
              Code& nothing = program_.code([](Thread& inner) { return inner.none(); });
              kept_.push_back(program_.spawn_kept(thread, nothing));
              kept_.push_back(thread.bind(nothing));
              kept_.push_back(retain(kept_.back()));
              thread.release(thread.make_token());
            }),
            Signatures{});
  EXPECT_EQ(census_.lingering(), 0u);
}

TEST_F(CensusTest, FindsWhatNobodyRefersTo) {
  EXPECT_EQ(taken([&](Thread& thread) {
              thread.make_token();
              thread.make_token();
              thread.make_channel(7);
            }),
            (Signatures{"leak value", "leak channel"}));
  EXPECT_THAT(program_.execution.findings().back().message, HasSubstr("channel 7"));
}

TEST_F(CensusTest, FindsACountThatIsTooHigh) {
  EXPECT_EQ(taken([&](Thread& thread) {
              kept_.push_back(thread.make_channel(0));
              retain(kept_.back());
            }),
            Signatures{"refcount channel too-high"});
}

TEST_F(CensusTest, FindsACountThatIsTooLow) {
  EXPECT_EQ(taken([&](Thread& thread) {
              kept_.push_back(thread.make_channel(0));
              kept_.push_back(kept_.back());
            }),
            Signatures{"refcount channel too-low"});
}

TEST_F(CensusTest, FindsWhatIsReferredToThoughItDied) {
  EXPECT_EQ(taken([&](Thread& thread) {
              Code& nothing = program_.code([](Thread& inner) { return inner.none(); });
              Tasklet* const tasklet = thread.bind(nothing);
              kept_.push_back(tasklet);
              thread.release(tasklet);
            }),
            Signatures{"dangling-tasklet tasklet referred-to"});
}

TEST_F(CensusTest, TakesACycleForNoLeak) {
  EXPECT_EQ(taken([&](Thread& thread) {
              Code& nothing = program_.code([](Thread& inner) { return inner.none(); });
              Tasklet* const tasklet = thread.bind(nothing);
              tasklet->tempval = tasklet;  // Its only reference, from within.
            }),
            Signatures{});
  EXPECT_EQ(census_.lingering(), 2u);  // And its frame.
}

TEST_F(CensusTest, FindsTheLeakBesideACycle) {
  EXPECT_EQ(taken([&](Thread& thread) {
              Code& nothing = program_.code([](Thread& inner) { return inner.none(); });
              Tasklet* const tasklet = thread.bind(nothing);
              tasklet->tempval = retain(tasklet);
            }),
            Signatures{"refcount tasklet too-high"});
}

// A saved stack may hold any number of references: then only what is surely wrong is told.
TEST_F(CensusTest, TellsOnlyWhatIsSureWhereAStackIsSaved) {
  const auto suspend_one = [&](Thread& thread) {
    Code& waits = program_.code([](Thread& inner) {
      return NativeProgram::done(inner, inner.schedule_remove(/*soft=*/false));
    });
    kept_.push_back(program_.spawn_kept(thread, waits));
    thread.release(thread.schedule(/*soft=*/false));
  };
  EXPECT_EQ(taken([&](Thread& thread) {
              suspend_one(thread);
              thread.make_channel(0);
            }),
            Signatures{});
  kept_.clear();
  EXPECT_EQ(taken([&](Thread& thread) {
              suspend_one(thread);
              kept_.push_back(thread.make_channel(0));
              kept_.push_back(kept_.back());
            }),
            Signatures{"refcount channel too-low"});
}

TEST_F(CensusTest, LeavesNothingBehindInTheObjects) {
  Channel* channel = nullptr;
  taken([&](Thread& thread) { kept_.push_back(channel = thread.make_channel(0)); });
  EXPECT_EQ(channel->references, 0u);
  census_.take(program_.runtime, *this);
  EXPECT_TRUE(program_.execution.findings().empty());
}

}  // namespace
}  // namespace reweave::runtime
