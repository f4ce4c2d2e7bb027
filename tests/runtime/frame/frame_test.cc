// Frames and their two caches, and the findings for a use of a frame after it was released.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/tasklet/frame_cache.h"
#include "tests/runtime/native_program.h"

namespace reweave::runtime {
namespace {

// Calls `code` once, so that one frame of it is made and parked.
Object* call(Thread& thread, Code& code) {
  return evaluate(thread, make_frame(thread, code, code.entry), thread.none());
}

class Frames : public testing::Test {
 protected:
  Frames()
      : leaf_(program_.code([](Thread& thread) { return thread.none(); }, "leaf")),
        other_(program_.code([](Thread& thread) { return thread.none(); }, "other")),
        pair_(program_.code([this](Thread& thread) { return call(thread, leaf_); }, "pair")) {}

  // A call of `depth` frames of one code at a time.
  Object* nest(Thread& thread, int depth) {
    depth_ = depth;
    Code& nested = program_.code(
        [this](Thread& inner) {
          if (--depth_ <= 0) return inner.none();
          Code& self = *inner.evaluation().running.frame->code;
          return call(inner, self);
        },
        "nested");
    Object* const value = call(thread, nested);
    return value;
  }

  NativeProgram program_;
  Code& leaf_;
  Code& other_;
  Code& pair_;
  int depth_ = 0;
};

TEST_F(Frames, EachCodeKeepsItsLastFrame) {
  program_.run([&](Thread& thread) {
    for (int i = 0; i < 10; ++i) thread.release(call(thread, leaf_));
    for (int i = 0; i < 10; ++i) thread.release(call(thread, pair_));
    return thread.none();
  });
  const FrameCounts& counts = program_.thread.shared().frames.counts;
  EXPECT_EQ(counts.made, 3u);  // main, leaf, pair
  EXPECT_EQ(counts.from_zombie, 9u + 9u + 10u);
  EXPECT_EQ(counts.from_free_list, 0u);
}

TEST_F(Frames, FurtherOnesOfACodeGoToTheFreeList) {
  program_.run([&](Thread& thread) {
    thread.release(nest(thread, 5));  // Five at a time: one becomes the zombie, four are left.
    return thread.none();
  });
  EXPECT_EQ(program_.thread.shared().frames.counts.made, 1u + 5u);
  program_.run([&](Thread& thread) {
    thread.release(nest(thread, 5));
    thread.release(call(thread, leaf_));   // No zombie yet: from the list, and so is…
    thread.release(call(thread, other_));  // … this one.
    thread.release(nest(thread, 3));       // A code that is new each time: two are left for it.
    return thread.none();
  });
  EXPECT_EQ(program_.thread.shared().frames.counts.made, 1u + 5u + 1u);
  EXPECT_EQ(program_.thread.shared().frames.counts.from_free_list, 4u);
  EXPECT_EQ(program_.thread.shared().frames.counts.from_zombie, 0u);
}

TEST_F(Frames, WithoutZombiesTheFreeListServesAll) {
  program_.settings.zombie_frames = false;
  program_.run([&](Thread& thread) {
    for (int i = 0; i < 10; ++i) thread.release(call(thread, leaf_));
    for (int i = 0; i < 10; ++i) thread.release(call(thread, other_));
    return thread.none();
  });
  EXPECT_EQ(program_.thread.shared().frames.counts.made, 2u);  // main, and one for everybody
  EXPECT_EQ(program_.thread.shared().frames.counts.from_zombie, 0u);
  EXPECT_EQ(program_.thread.shared().frames.counts.from_free_list, 19u);
}

TEST_F(Frames, AFrameTooSmallIsLeftOnTheFreeList) {
  program_.settings.zombie_frames = false;
  Code& with_locals = program_.steps({[](Thread& thread) { return thread.none(); }});
  ASSERT_GT(with_locals.locals_bytes, leaf_.locals_bytes);
  program_.run([&](Thread& thread) {
    thread.release(call(thread, leaf_));
    thread.release(call(thread, with_locals));
    thread.release(call(thread, with_locals));
    return thread.none();
  });
  EXPECT_EQ(program_.thread.shared().frames.counts.made, 3u);
  EXPECT_EQ(program_.thread.shared().frames.counts.from_free_list, 1u);
}

TEST_F(Frames, BothCachesCanBeSwitchedOff) {
  program_.settings.zombie_frames = false;
  program_.settings.free_frames_max = 0;
  program_.run([&](Thread& thread) {
    for (int i = 0; i < 10; ++i) thread.release(call(thread, leaf_));
    return thread.none();
  });
  EXPECT_EQ(program_.thread.shared().frames.counts.made, 11u);
}

TEST_F(Frames, TheFreeListHasALimit) {
  program_.settings.free_frames_max = 2;
  program_.run([&](Thread& thread) {
    thread.release(nest(thread, 9));  // One zombie, two on the list, six gone.
    thread.release(nest(thread, 9));
    return thread.none();
  });
  EXPECT_EQ(program_.thread.shared().frames.counts.made, 1u + 9u + 7u);
  EXPECT_EQ(program_.thread.shared().frames.counts.from_free_list, 2u);
}

TEST_F(Frames, LocalsAreZeroedForEachCall) {
  std::vector<std::uint64_t> seen;
  Code code;
  code.locals_bytes = sizeof(std::uint64_t);
  code.body = &seen;
  code.execute = [](Thread&, FrameRef self, Object* value) {
    auto& local = self.frame->locals<std::uint64_t>();
    auto* const list =
        static_cast<std::vector<std::uint64_t>*>(const_cast<void*>(self.frame->code->body));
    list->push_back(local);
    local = 77;
    return value;
  };
  program_.run([&](Thread& thread) {
    for (int i = 0; i < 3; ++i) thread.release(call(thread, code));
    return thread.none();
  });
  EXPECT_THAT(seen, testing::ElementsAre(0u, 0u, 0u));
  EXPECT_EQ(program_.thread.shared().frames.counts.from_zombie, 2u);
}

TEST_F(Frames, NothingOfOneExecutionIsUsedInTheNext) {
  for (int i = 0; i < 3; ++i) {
    program_.run([&](Thread& thread) { return call(thread, leaf_); });
    EXPECT_EQ(program_.thread.shared().frames.counts.made, 2u);
    EXPECT_EQ(program_.thread.shared().frames.counts.from_zombie, 0u);
  }
}

// ---- What they hold ----

TEST_F(Frames, BothCachesSayWhatTheyHold) {
  program_.run([&](Thread& thread) {
    thread.release(nest(thread, 5));
    thread.release(call(thread, leaf_));
    return thread.none();
  });
  const FrameHoldings held = program_.runtime.frame_holdings();
  // When the program has ended main's frame is parked, too.
  EXPECT_EQ(held.zombies, 3u);
  EXPECT_EQ(held.free, 3u);  // Four of the nested ones, of which leaf took one.
  EXPECT_GE(held.zombie_bytes, 3 * sizeof(Frame));
  EXPECT_GE(held.free_bytes, 3 * sizeof(Frame));
}

TEST_F(Frames, OneZombieForEachCodeWithoutBound) {
  std::vector<Code*> codes;
  for (int i = 0; i < 500; ++i)
    codes.push_back(&program_.code([](Thread& thread) { return thread.none(); }, "one"));
  program_.run([&](Thread& thread) {
    for (Code* const code : codes) thread.release(call(thread, *code));
    return thread.none();
  });
  EXPECT_EQ(program_.runtime.frame_holdings().zombies, 501u);
  program_.settings.zombie_frames = false;
  program_.run([&](Thread& thread) {
    for (Code* const code : codes) thread.release(call(thread, *code));
    return thread.none();
  });
  EXPECT_EQ(program_.runtime.frame_holdings().zombies, 0u);
  EXPECT_EQ(program_.runtime.frame_holdings().free, 2u);
}

TEST_F(Frames, WhatACodeKeptIsForgottenWithIt) {
  program_.run([&](Thread& thread) {
    auto code = std::make_unique<Code>(leaf_);
    code->zombie = FrameRef{};
    code->has_had_zombie = false;
    thread.release(call(thread, *code));
    EXPECT_EQ(program_.runtime.frame_holdings().zombies, 1u);
    program_.runtime.forget_code(*code);
    code.reset();
    EXPECT_EQ(program_.runtime.frame_holdings().zombies, 0u);
    return thread.none();
  });
  EXPECT_EQ(program_.runtime.frame_holdings().zombies, 1u);  // main's
}

// ---- Dangling ----

TEST_F(Frames, UsingAParkedOneIsAFindingAtThatMoment) {
  bool went_on = false;
  const Ending ending = program_.run([&](Thread& thread) {
    const FrameRef frame = make_frame(thread, leaf_, leaf_.entry);
    release_frame(thread, frame);
    check_frame(thread, frame, "looked at");
    went_on = true;
    return thread.none();
  });
  EXPECT_FALSE(ending.ended);
  EXPECT_FALSE(went_on);
  ASSERT_EQ(program_.execution.findings().size(), 1u);
  const Finding& finding = program_.execution.findings()[0];
  EXPECT_EQ(finding.kind, FindingKind::kDanglingFrame);
  EXPECT_EQ(finding.signature, "dangling-frame looked at");
  EXPECT_THAT(finding.message, testing::HasSubstr("leaf"));
  EXPECT_THAT(finding.message, testing::HasSubstr("it is parked"));
  EXPECT_TRUE(program_.execution.stopped());
}

TEST_F(Frames, UsingOneThatServesAnotherCallIsAFinding) {
  program_.run([&](Thread& thread) {
    const FrameRef frame = make_frame(thread, leaf_, leaf_.entry);
    release_frame(thread, frame);
    const FrameRef again = make_frame(thread, leaf_, leaf_.entry);
    EXPECT_EQ(again.frame, frame.frame);
    check_frame(thread, again, "looked at");
    retain_frame(thread, frame);
    return thread.none();
  });
  ASSERT_EQ(program_.execution.findings().size(), 1u);
  EXPECT_EQ(program_.execution.findings()[0].signature, "dangling-frame retained");
  EXPECT_THAT(program_.execution.findings()[0].message,
              testing::HasSubstr("it serves another call now"));
}

TEST_F(Frames, AFindingDoesNotSpoilTheNextExecution) {
  for (int i = 0; i < 3; ++i) {
    program_.run([&](Thread& thread) {
      const FrameRef frame = make_frame(thread, leaf_, leaf_.entry);
      release_frame(thread, frame);
      release_frame(thread, frame);
      return thread.none();
    });
    EXPECT_EQ(program_.execution.findings().size(), 1u);
    const Ending ending = program_.run([&](Thread& thread) { return call(thread, leaf_); });
    EXPECT_TRUE(ending.ended);
    EXPECT_EQ(program_.execution.findings().size(), 0u);
  }
}

// A tasklet that tries to switch while that is forbidden, and switches later. The refused switch
// must not have cost its frame a reference.
Ending run_refused_switch(NativeProgram& program, bool calls_itself) {
  Code& sleeper = program.code(
      [&program, calls_itself, calls = 0](Thread& thread) mutable {
        if (++calls > 1) return thread.none();
        Code& self = *thread.evaluation().running.frame->code;
        thread.guard().trap += 1;
        EXPECT_EQ(program.error(thread, thread.schedule(false)), "switch_trap");
        thread.guard().trap -= 1;
        thread.release(thread.schedule(false));
        program.say("back");
        // Under the defect this frame has been released for the last time already; the next call
        // would get it.
        if (calls_itself) thread.release(call(thread, self));
        return thread.none();
      },
      "sleeper");
  Code& peer = program.code(
      [](Thread& thread) {
        thread.release(thread.schedule(false));
        return thread.none();
      },
      "peer");
  return program.run([&](Thread& thread) {
    program.spawn(thread, sleeper);
    program.spawn(thread, peer);
    thread.release(run_others(thread));
    return thread.none();
  });
}

TEST_F(Frames, ARefusedSwitchCostsNoReference) {
  for (const bool calls_itself : {false, true}) {
    const Ending ending = run_refused_switch(program_, calls_itself);
    EXPECT_TRUE(ending.ended);
    EXPECT_THAT(program_.said, testing::ElementsAre("back"));
    EXPECT_THAT(program_.execution.findings(), testing::IsEmpty());
  }
}

TEST_F(Frames, TheOverReleaseOfARefusedSwitchIsFound) {
  program_.settings.defects.add(Defect::kFrameOverRelease);
  for (const bool calls_itself : {false, true}) {
    const Ending ending = run_refused_switch(program_, calls_itself);
    EXPECT_FALSE(ending.ended);
    EXPECT_THAT(program_.said, testing::ElementsAre("back"));
    ASSERT_EQ(program_.execution.findings().size(), 1u);
    const Finding& finding = program_.execution.findings()[0];
    EXPECT_EQ(finding.kind, FindingKind::kDanglingFrame);
    EXPECT_THAT(finding.message, testing::HasSubstr("sleeper"));
  }
}

}  // namespace
}  // namespace reweave::runtime
