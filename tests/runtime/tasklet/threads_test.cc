// Virtual threads through the interface for C++: each has its own run queue and its own stack.
#include <gtest/gtest.h>

#include "runtime/tasklet/runtime.h"
#include "runtime/tasklet/tasklet_state.h"
#include "scheduler/strategy/random_walk.h"
#include "tests/runtime/native_program.h"

namespace reweave::runtime {
namespace {

class Threads : public testing::Test {
 protected:
  NativeProgram program_;

  Code& sayer(std::string word) {
    return program_.code([this, word](Thread& inner) {
      program_.say(word + std::to_string(inner.number()));
      return inner.none();
    });
  }
  Runtime& runtime() { return program_.runtime; }
};

TEST_F(Threads, RunWhenTheRunningOneSettles) {
  Code& body = sayer("thread");
  const Ending ending = program_.run([&](Thread& main) {
    EXPECT_NE(runtime().start_thread(1, body), nullptr);
    EXPECT_EQ(runtime().start_thread(1, body), nullptr) << "a thread is started once";
    program_.say("before");
    settle(main, SiteId{});
    program_.say("after");
    return main.none();
  });
  EXPECT_TRUE(ending.ended);
  EXPECT_EQ(program_.said, (std::vector<std::string>{"before", "thread1", "after"}));
}

TEST_F(Threads, AreLookedAtOnlyInTheExecutionThatStartedThem) {
  Code& body = sayer("thread");
  const auto run_with = [&](std::uint32_t number) {
    program_.run([&](Thread& main) {
      if (number != 0) runtime().start_thread(number, body);
      settle(main, SiteId{});
      return main.none();
    });
    return runtime().shared().lock.threads.size();
  };
  EXPECT_EQ(run_with(3), 4u);
  EXPECT_EQ(run_with(0), 1u) << "each step would look at threads that nobody started";
  EXPECT_EQ(run_with(1), 2u);
  EXPECT_EQ(run_with(3), 4u);
}

TEST_F(Threads, MeetOnAChannelAndEachGoesOnItself) {
  const Ending ending = program_.run([&](Thread& main) {
    Channel* const channel = main.make_channel(0);
    Code& receiver = program_.code([this, channel](Thread& inner) -> Object* {
      Object* const value = receive(inner, channel, SiteId{});
      if (value == nullptr) return nullptr;
      program_.say("got in thread " + std::to_string(inner.number()));
      inner.release(value);
      return inner.none();
    });
    runtime().start_thread(1, receiver);
    settle(main, SiteId{});
    Object* const sent = program_.send(main, channel);
    EXPECT_NE(sent, nullptr);
    main.release(sent);
    program_.say("sent");
    settle(main, SiteId{});
    main.release(channel);
    return main.none();
  });
  EXPECT_TRUE(ending.ended);
  EXPECT_EQ(program_.said, (std::vector<std::string>{"sent", "got in thread 1"}));
}

TEST_F(Threads, ATaskletOfAnEndedThreadCanBeRunNoMore) {
  Tasklet* left = nullptr;
  Code& never = sayer("never");
  Code& binder = program_.code([&](Thread& inner) {
    left = inner.bind(never);
    return inner.none();
  });
  program_.run([&](Thread& main) {
    runtime().start_thread(1, binder);
    settle(main, SiteId{});
    EXPECT_EQ(left->thread, nullptr);
    EXPECT_FALSE(is_alive(left));
    const auto refused = [&main](Object* value) {
      EXPECT_EQ(value, nullptr);
      Bomb* const bomb = main.take_error();
      const ErrorCode code = bomb == nullptr ? ErrorCode::kNone : bomb->code;
      if (bomb != nullptr) main.release(bomb);
      return code;
    };
    EXPECT_EQ(refused(main.insert(left)), ErrorCode::kThreadDead);
    EXPECT_EQ(refused(main.run_tasklet(left, false)), ErrorCode::kNoThread);
    EXPECT_EQ(refused(main.switch_to(left, false)), ErrorCode::kNoThread);
    EXPECT_EQ(refused(main.throw_at(left, main.make_bomb(ExceptionType::kE1), false)),
              ErrorCode::kNoThread);
    // Another thread may adopt it.
    main.release(bind_thread(main, left));
    EXPECT_TRUE(is_alive(left));
    main.release(left);
    return main.none();
  });
  EXPECT_TRUE(program_.said.empty());
}

TEST_F(Threads, ATaskletThatIsKilledWhenItsThreadHasEndedIsDeadForGood) {
  Tasklet* left = nullptr;
  Code& never = sayer("never");
  Code& binder = program_.code([&](Thread& inner) {
    left = inner.bind(never);
    return inner.none();
  });
  program_.run([&](Thread& main) {
    runtime().start_thread(1, binder);
    settle(main, SiteId{});
    main.release(main.kill(left, false));
    main.release(bind_thread(main, left));
    EXPECT_EQ(left->thread, &main);
    EXPECT_FALSE(is_alive(left));
    main.release(left);
    return main.none();
  });
  EXPECT_TRUE(program_.said.empty());
}

TEST_F(Threads, ARunnableTaskletIsNotBoundToAnother) {
  Tasklet* queued = nullptr;
  Code& idle = program_.code([&](Thread& inner) -> Object* {
    queued = program_.spawn_kept(inner, sayer("queued"));
    settle(inner, SiteId{});
    return inner.none();
  });
  program_.run([&](Thread& main) {
    runtime().start_thread(1, idle);
    take_turn(main, SiteId{});
    settle(main, SiteId{});
    if (queued != nullptr && queued->thread != nullptr && queued->thread->number() == 1) {
      EXPECT_EQ(bind_thread(main, queued), nullptr);
      Bomb* const bomb = main.take_error();
      EXPECT_EQ(bomb->code, ErrorCode::kBindThreadRunnable);
      main.release(bomb);
    }
    return main.none();
  });
}

TEST_F(Threads, TheLastOneAwakeIsToldOfTheDeadlock) {
  Channel* channel = nullptr;
  Code& blocks =
      program_.code([&](Thread& inner) -> Object* { return receive(inner, channel, SiteId{}); });
  const Ending ending = program_.run([&](Thread& main) -> Object* {
    channel = main.make_channel(0);
    runtime().start_thread(1, blocks);
    return receive(main, channel, SiteId{});
  });
  EXPECT_TRUE(ending.ended);
  EXPECT_TRUE(ending.failed);
  EXPECT_EQ(ending.code, ErrorCode::kDeadlock);
}

TEST_F(Threads, AnExecutionThatStopsInOneOfThemIsFollowedByAnother) {
  for (int i = 0; i < 3; ++i) {
    Code& stops = program_.code([&](Thread& inner) -> Object* { inner.abandon(); });
    const Ending stopped = program_.run([&](Thread& main) {
      runtime().start_thread(1, stops);
      settle(main, SiteId{});
      ADD_FAILURE() << "went on";
      return main.none();
    });
    EXPECT_FALSE(stopped.ended);
    const Ending ending = program_.run([](Thread& main) { return main.none(); });
    EXPECT_TRUE(ending.ended);
  }
}

}  // namespace
}  // namespace reweave::runtime
