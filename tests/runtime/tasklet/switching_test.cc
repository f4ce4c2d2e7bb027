// Soft and hard switches, and spills: what is copied, how deep it gets, and that nothing is lost on
// the way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/tasklet/frame_cache.h"
#include "scheduler/strategy/random_walk.h"
#include "tests/runtime/native_program.h"

namespace reweave::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Answers every question of one kind with 1.
class Always : public Chooser {
 public:
  explicit Always(QuestionKind kind) : kind_(kind) {}
  std::uint32_t choose(const Question& question) override { return question.kind == kind_ ? 1 : 0; }

 private:
  QuestionKind kind_;
};

// Main and three others, each with a hundred schedules, then a message each.
Code& many_switches(NativeProgram& program, bool soft, int& turns) {
  std::vector<StepCode::Step> steps;
  for (int i = 0; i < 100; ++i) {
    steps.push_back([&turns, soft](Thread& thread) {
      ++turns;
      return thread.schedule(soft);
    });
  }
  Code& child = program.steps(steps);
  steps.insert(steps.begin(), [&program, &child](Thread& thread) {
    for (int i = 0; i < 3; ++i) program.spawn(thread, child);
    return thread.none();
  });
  // Main goes on until the others have ended.
  for (int i = 0; i < 10; ++i) steps.push_back(steps.back());
  return program.steps(steps);
}

TEST(Switching, ASoftSwitchCopiesNoSlice) {
  NativeProgram program;
  int turns = 0;
  Code& main = many_switches(program, /*soft=*/true, turns);
  for (std::uint64_t run = 1; run <= 3; ++run) {
    EXPECT_TRUE(program.run(main).ended);
    EXPECT_EQ(turns, static_cast<int>(run) * 410);
    EXPECT_EQ(program.thread.saved().machine.switches, 2 * run);  // The host's way in, and out.
    EXPECT_EQ(program.thread.saved().machine.bytes_copied, 0u);
  }
  EXPECT_EQ(program.thread.shared().slice_cache.counts().allocations, 0u);
}

TEST(Switching, AHardSwitchCopiesOne) {
  NativeProgram program;
  int turns = 0;
  Code& main = many_switches(program, /*soft=*/false, turns);
  EXPECT_TRUE(program.run(main).ended);
  EXPECT_EQ(turns, 410);
  EXPECT_GE(program.thread.saved().machine.switches, 400u);
  EXPECT_LE(program.thread.saved().machine.switches, 420u);
  EXPECT_GT(program.thread.saved().machine.bytes_copied, 400u * 100u);
  EXPECT_LE(program.thread.shared().slice_cache.counts().allocations, 8u);
}

TEST(Switching, SoftAndHardOnesMix) {
  NativeProgram program;
  std::vector<std::string> said;
  Channel* channel = nullptr;
  // One that waits with C code on its stack, and one without, both resumed by a soft main.
  Code& hard = program.code([&](Thread& thread) {
    const auto got = NativeProgram::payload(thread, program.receive(thread, channel));
    program.say("hard got " + std::to_string(got));
    return thread.none();
  });
  Code& soft = program.steps({[&](Thread& thread) { return thread.schedule(true); },
                              [&](Thread& thread) {
                                program.say("soft");
                                return thread.none();
                              }});
  std::vector<StepCode::Step> steps;
  steps.push_back([&](Thread& thread) {
    channel = thread.make_channel(0);
    channel->preference = -1;
    program.spawn(thread, hard);
    program.spawn(thread, soft);
    return thread.none();
  });
  for (int i = 0; i < 2; ++i) steps.push_back([](Thread& thread) { return thread.schedule(true); });
  steps.push_back([&](Thread& thread) {
    Token* const token = thread.make_token();
    token->payload = 4;
    return send(thread, channel, token, program.at("send"), /*soft=*/true);
  });
  steps.push_back([&](Thread& thread) {
    program.say("main");
    return thread.none();
  });
  EXPECT_TRUE(program.run(program.steps(steps)).ended);
  EXPECT_THAT(program.said, ElementsAre("soft", "hard got 4", "main"));
  EXPECT_THAT(program.execution.findings(), IsEmpty());
}

TEST(Switching, ASoftCallNeedsNoCStack) {
  NativeProgram program;
  std::vector<std::size_t> depths;
  std::vector<std::uint32_t> levels;
  // A chain of two hundred frames, each called by the one before.
  Code* leaf = &program.steps({[&](Thread& thread) {
    depths.push_back(sliced_depth(thread.saved().machine));
    levels.push_back(thread.evaluation().nesting_level);
    return thread.none();
  }});
  for (int i = 0; i < 200; ++i) {
    Code* const callee = leaf;
    leaf = &program.steps({
        [&, i](Thread& thread) {
          if (i == 199) depths.push_back(sliced_depth(thread.saved().machine));
          return thread.none();
        },
        [callee](Thread& thread) {
          return call_softly(thread, make_frame(thread, *callee, callee->entry), thread.none());
        },
    });
  }
  EXPECT_TRUE(program.run(*leaf).ended);
  ASSERT_EQ(depths.size(), 2u);
  // The first frame of the chain, and the last: but for their own locals the stack is the same.
  EXPECT_LT(depths[1], depths[0] + 500);
  EXPECT_THAT(levels, ElementsAre(0u));
  EXPECT_EQ(program.thread.saved().spills, 0u);
  EXPECT_EQ(program.thread.heap().live(ObjectKind::kFrame), 0u);
}

// ---- Spilling ----

// Calls itself through C, so many levels deep; at the bottom `bottom`. Each level has something to
// lose on its stack.
class Deep {
 public:
  Deep(NativeProgram& program, std::function<Object*(Thread&)> bottom)
      : bottom_(std::move(bottom)),
        code_(program.code([this](Thread& thread) { return level(thread); }, "deep")) {}

  Object* call(Thread& thread, int levels) {
    levels_ = levels;
    return evaluate(thread, make_frame(thread, code_, code_.entry), thread.none());
  }
  int intact = 0;

 private:
  Object* level(Thread& thread) {
    const int mine = levels_--;
    if (mine <= 1) return bottom_(thread);
    volatile int local[20];
    for (int i = 0; i < 20; ++i) local[i] = mine * 100 + i;
    Object* const value = evaluate(thread, make_frame(thread, code_, code_.entry), thread.none());
    bool good = true;
    for (int i = 0; i < 20; ++i) good = good && local[i] == mine * 100 + i;
    intact += good ? 1 : 0;
    return value;
  }

  std::function<Object*(Thread&)> bottom_;
  Code& code_;
  int levels_ = 0;
};

TEST(Spilling, HappensEveryTwentyFiveLevels) {
  NativeProgram program;
  Deep deep(program, [](Thread& thread) { return thread.none(); });
  struct Case {
    int levels;
    std::uint32_t spills;
  };
  for (const Case& expected : {Case{24, 0}, Case{25, 1}, Case{49, 1}, Case{50, 2}, Case{260, 10}}) {
    const int levels = expected.levels;
    const std::uint32_t spills = expected.spills;
    deep.intact = 0;
    EXPECT_TRUE(program.run([&](Thread& thread) { return deep.call(thread, levels); }).ended);
    EXPECT_EQ(program.thread.saved().spills, spills) << levels;
    EXPECT_EQ(deep.intact, levels - 1);
    EXPECT_EQ(program.events({EventKind::kSpill}).size(), spills);
    EXPECT_EQ(program.events({EventKind::kUnspill}).size(), spills);
    EXPECT_THAT(program.execution.findings(), IsEmpty());
  }
}

TEST(Spilling, KeepsTheStackShallow) {
  NativeProgram program;
  std::size_t deepest = 0, with_spills = 0;
  Deep deep(program, [&](Thread& thread) {
    deepest = sliced_depth(thread.saved().machine);
    return thread.none();
  });
  const auto depth_of = [&](int levels) {
    program.run([&](Thread& thread) { return deep.call(thread, levels); });
    return deepest;
  };
  const std::size_t just_below = depth_of(24);
  with_spills = depth_of(24 + 25 * 8);
  EXPECT_LT(with_spills, just_below * 2);
  program.settings.spill_levels = 1000;
  EXPECT_GT(depth_of(24 + 25 * 8), just_below * 4);
}

TEST(Spilling, CarriesTheResultThroughTheHeap) {
  NativeProgram program;
  Deep deep(program, [&](Thread& thread) {
    Token* const token = thread.make_token();
    token->payload = 1234;
    return static_cast<Object*>(token);
  });
  std::int64_t got = 0;
  program.run([&](Thread& thread) {
    got = NativeProgram::payload(thread, deep.call(thread, 120));
    return thread.none();
  });
  EXPECT_EQ(got, 1234);
  EXPECT_EQ(program.thread.saved().spills, 4u);
  EXPECT_EQ(program.thread.heap().live(ObjectKind::kToken), 0u);
}

TEST(Spilling, CarriesAnExceptionThroughTheHeap) {
  NativeProgram program;
  Deep deep(program, [](Thread& thread) {
    return thread.raise(thread.make_bomb(ExceptionType::kValueError));
  });
  std::string got;
  program.run([&](Thread& thread) {
    got = NativeProgram::error(thread, deep.call(thread, 120));
    return thread.none();
  });
  EXPECT_EQ(got, "ValueError");
  EXPECT_EQ(deep.intact, 119);
  EXPECT_EQ(program.thread.saved().spills, 4u);
  EXPECT_EQ(program.thread.heap().live(ObjectKind::kBomb), 0u);
}

TEST(Spilling, OthersRunWhileAStackIsAway) {
  NativeProgram program;
  std::vector<std::unique_ptr<Deep>> deeps;
  std::vector<Code*> codes;
  int turns = 0;
  for (int who = 0; who < 3; ++who) {
    deeps.push_back(std::make_unique<Deep>(program, [&](Thread& thread) {
      for (int i = 0; i < 5; ++i) {
        ++turns;
        thread.release(thread.schedule(false));
      }
      return thread.none();
    }));
    Deep* const deep = deeps.back().get();
    const int levels = 30 + 40 * who;
    codes.push_back(
        &program.code([deep, levels](Thread& thread) { return deep->call(thread, levels); }));
  }
  program.run([&](Thread& thread) {
    for (Code* const code : codes) program.spawn(thread, *code);
    return NativeProgram::done(thread, run_others(thread));
  });
  EXPECT_EQ(turns, 15);
  EXPECT_EQ(deeps[0]->intact, 29);
  EXPECT_EQ(deeps[1]->intact, 69);
  EXPECT_EQ(deeps[2]->intact, 109);
  EXPECT_EQ(program.thread.saved().spills, 1u + 2u + 4u);
  EXPECT_THAT(program.execution.findings(), IsEmpty());
}

TEST(Spilling, AQuestionMayTurnItRound) {
  NativeProgram program;
  Deep deep(program, [](Thread& thread) { return thread.none(); });
  Code& main = program.code([&](Thread& thread) { return deep.call(thread, 10); });
  Always opposite(QuestionKind::kSpill);
  EXPECT_TRUE(program.run_code(main, opposite).ended);
  EXPECT_EQ(program.thread.saved().spills, 10u);
  EXPECT_EQ(deep.intact, 9);
}

TEST(Spilling, KeepsTheTempvalOfWhoeverWaits) {
  // A channel callback goes deep while the value to be sent waits in the sender's tempval.
  NativeProgram program;
  Channel* channel = nullptr;
  Deep deep(program, [](Thread& thread) { return thread.none(); });
  Code& callback = program.code([&](Thread& thread) { return deep.call(thread, 60); });
  std::int64_t got = 0;
  Code& receiver = program.code([&](Thread& thread) {
    got = NativeProgram::payload(thread, program.receive(thread, channel));
    return thread.none();
  });
  program.run([&](Thread& thread) {
    channel = thread.make_channel(0);
    program.spawn(thread, receiver);
    thread.release(run_others(thread));
    thread.shared().channel_callback = {.installed = true, .code = &callback};
    thread.release(program.send(thread, channel, 77));
    thread.shared().channel_callback = {};
    return NativeProgram::done(thread, run_others(thread));
  });
  EXPECT_EQ(got, 77);
  EXPECT_GE(program.thread.saved().spills, 2u);
  EXPECT_THAT(program.execution.findings(), IsEmpty());
}

TEST(Spilling, NothingSpillsWhileAnExceptionIsPending) {
  NativeProgram program;
  Deep deep(program, [](Thread& thread) { return thread.none(); });
  Code& main = program.code([&](Thread& thread) {
    thread.raise(thread.make_bomb(ExceptionType::kE1));
    const FrameRef frame = make_frame(thread, program.code([](Thread& t) { return t.none(); }), {});
    Object* const value = evaluate(thread, frame, nullptr);
    EXPECT_EQ(value, nullptr);
    EXPECT_EQ(NativeProgram::error(thread, value), "other");
    return thread.none();
  });
  Always opposite(QuestionKind::kSpill);
  EXPECT_TRUE(program.run_code(main, opposite).ended);
  EXPECT_EQ(program.thread.saved().spills, 0u);
}

TEST(Nesting, HasALimit) {
  for (const std::uint32_t spill_levels : {25u, 1000u}) {
    NativeProgram program;
    program.settings.spill_levels = spill_levels;
    int reached = 0;
    std::string error;
    Code* self = nullptr;
    self = &program.code([&](Thread& thread) {
      ++reached;
      return evaluate(thread, make_frame(thread, *self, self->entry), thread.none());
    });
    const Ending ending = program.run([&](Thread& thread) {
      error = NativeProgram::error(
          thread, evaluate(thread, make_frame(thread, *self, self->entry), thread.none()));
      EXPECT_EQ(thread.evaluation().nesting_level, 1u);
      return thread.none();
    });
    EXPECT_TRUE(ending.ended);
    EXPECT_EQ(error, "nesting");
    EXPECT_GT(reached, 900);
    EXPECT_LE(reached, static_cast<int>(Evaluation::kNestingMax));
    EXPECT_THAT(program.execution.findings(), IsEmpty());
  }
}

// ---- Everything at once ----

// Tasklets that talk to each other over three channels from different depths, spilling wherever a
// question says so: all values arrive, in every build, and the same happens each time.
TEST(Load, ManyRandomExecutionsAreSilentAndRepeatable) {
  constexpr int kTasklets = 6, kMessages = 8;
  NativeProgram program;
  Channel* channels[3] = {};
  std::vector<std::unique_ptr<Deep>> deeps;
  std::vector<Code*> codes;
  std::int64_t sum = 0;
  for (int who = 0; who < kTasklets; ++who) {
    Channel*& channel = channels[who / 2];
    const bool sends = who % 2 == 0;
    deeps.push_back(std::make_unique<Deep>(program, [&, sends](Thread& thread) {
      for (int i = 1; i <= kMessages; ++i) {
        if (sends) {
          Object* const sent = program.send(thread, channel, i);
          if (sent == nullptr) return sent;
          thread.release(sent);
        } else {
          Object* const got = program.receive(thread, channel);
          if (got == nullptr) return got;
          sum += NativeProgram::payload(thread, got);
        }
      }
      return thread.none();
    }));
    Deep* const deep = deeps.back().get();
    codes.push_back(
        &program.code([deep, who](Thread& thread) { return deep->call(thread, 1 + who * 9); }));
  }
  Code& main = program.code([&](Thread& thread) {
    for (std::size_t i = 0; i < 3; ++i) {
      channels[i] = thread.make_channel(static_cast<std::uint32_t>(i));
      channels[i]->preference = static_cast<std::int8_t>(static_cast<int>(i) - 1);
    }
    for (Code* const code : codes) program.spawn(thread, *code);
    return NativeProgram::done(thread, run_others(thread));
  });
  RandomWalk walk;
  const Prng root(5);
  std::vector<std::uint64_t> hashes;
  std::uint64_t spills = 0;
  for (std::uint64_t i = 0; i < 400; ++i) {
    walk.begin(root.split(i % 200), i % 200);
    sum = 0;
    EXPECT_TRUE(program.run_code(main, walk).ended);
    EXPECT_EQ(sum, 3 * kMessages * (kMessages + 1) / 2);
    ASSERT_THAT(program.execution.findings(), IsEmpty());
    spills += program.thread.saved().spills;
    hashes.push_back(program.execution.trace_hash());
    if (i >= 200) {
      EXPECT_EQ(hashes[i], hashes[i - 200]);
    }
  }
  EXPECT_GT(spills, 400u);
  EXPECT_NE(hashes[0], hashes[1]);
}

}  // namespace
}  // namespace reweave::runtime
