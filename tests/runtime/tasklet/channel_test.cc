// Channels from C++: who runs after a hand-over, in which order peers are served, and what a
// refused operation leaves behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/native_program.h"

namespace reweave::runtime {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Channels : public testing::Test {
 protected:
  Code& receiver(const std::string& name) {
    return program_.code([this, name](Thread& thread) {
      program_.say(name + " waits");
      const auto got = NativeProgram::payload(thread, program_.receive(thread, channel_));
      program_.say(name + " got " + std::to_string(got));
      return thread.none();
    });
  }
  Code& sender(const std::string& name, std::int64_t value) {
    return program_.code([this, name, value](Thread& thread) {
      program_.say(name + " sends");
      Object* const result = program_.send(thread, channel_, value);
      program_.say(name + " sent");
      return result;
    });
  }
  Code& talker(const std::string& name) {
    return program_.code([this, name](Thread& thread) {
      program_.say(name);
      return thread.none();
    });
  }
  void make_channel(Thread& thread, std::int8_t preference) {
    channel_ = thread.make_channel(0);
    channel_->preference = preference;
  }
  void expect_clean() { EXPECT_THAT(program_.execution.findings(), IsEmpty()); }

  NativeProgram program_;
  Channel* channel_ = nullptr;
};

// A receiver waits; main sends while another tasklet is runnable.
std::vector<std::string> send_order(NativeProgram& program, Channel*& channel, Code& receiver,
                                    Code& other, std::int8_t preference, bool schedule_all) {
  program.run([&](Thread& thread) {
    channel = thread.make_channel(0);
    channel->preference = preference;
    program.spawn(thread, receiver);
    thread.release(run_others(thread));
    program.spawn(thread, other);
    channel->schedule_all = schedule_all;
    thread.release(program.send(thread, channel, 5));
    program.say("main goes on");
    thread.release(run_others(thread));
    return thread.none();
  });
  return program.said;
}

TEST_F(Channels, APreferredReceiverRunsAtOnce) {
  EXPECT_THAT(send_order(program_, channel_, receiver("R"), talker("other"), -1, false),
              ElementsAre("R waits", "R got 5", "other", "main goes on"));
  expect_clean();
}

TEST_F(Channels, ThePreferredSenderGoesOn) {
  EXPECT_THAT(send_order(program_, channel_, receiver("R"), talker("other"), 1, false),
              ElementsAre("R waits", "main goes on", "other", "R got 5"));
  expect_clean();
}

TEST_F(Channels, WithoutAPreferenceWhoRunsGoesOn) {
  EXPECT_THAT(send_order(program_, channel_, receiver("R"), talker("other"), 0, false),
              ElementsAre("R waits", "main goes on", "other", "R got 5"));
  expect_clean();
}

TEST_F(Channels, ScheduleAllLetsEverybodyElseRunFirst) {
  for (const std::int8_t preference : {std::int8_t{-1}, std::int8_t{0}, std::int8_t{1}}) {
    EXPECT_THAT(send_order(program_, channel_, receiver("R"), talker("other"), preference, true),
                ElementsAre("R waits", "other", "R got 5", "main goes on"));
  }
  expect_clean();
}

std::vector<std::string> receive_order(NativeProgram& program, Channel*& channel, Code& sender,
                                       std::int8_t preference) {
  program.run([&](Thread& thread) {
    channel = thread.make_channel(0);
    channel->preference = preference;
    program.spawn(thread, sender);
    thread.release(run_others(thread));
    EXPECT_EQ(channel->balance, 1);
    EXPECT_EQ(NativeProgram::payload(thread, program.receive(thread, channel)), 8);
    EXPECT_EQ(channel->balance, 0);
    program.say("main goes on");
    thread.release(run_others(thread));
    return thread.none();
  });
  return program.said;
}

TEST_F(Channels, AReceiveRunsTheSenderAtOnceOnlyIfItIsPreferred) {
  EXPECT_THAT(receive_order(program_, channel_, sender("S", 8), 1),
              ElementsAre("S sends", "S sent", "main goes on"));
  EXPECT_THAT(receive_order(program_, channel_, sender("S", 8), 0),
              ElementsAre("S sends", "main goes on", "S sent"));
  EXPECT_THAT(receive_order(program_, channel_, sender("S", 8), -1),
              ElementsAre("S sends", "main goes on", "S sent"));
  expect_clean();
}

TEST_F(Channels, PeersAreServedInTheOrderInWhichTheyCame) {
  program_.run([&](Thread& thread) {
    make_channel(thread, 0);
    for (int i = 1; i <= 4; ++i) program_.spawn(thread, sender("S" + std::to_string(i), i));
    thread.release(run_others(thread));
    EXPECT_EQ(channel_->balance, 4);
    for (int i = 1; i <= 4; ++i) {
      EXPECT_EQ(NativeProgram::payload(thread, program_.receive(thread, channel_)), i);
      EXPECT_EQ(channel_->balance, 4 - i);
    }
    return thread.none();
  });
  expect_clean();
}

TEST_F(Channels, AnExceptionIsRaisedInTheReceiver) {
  std::string raised;
  Code& catcher = program_.code([&](Thread& thread) {
    raised = NativeProgram::error(thread, program_.receive(thread, channel_));
    return thread.none();
  });
  program_.run([&](Thread& thread) {
    make_channel(thread, -1);
    program_.spawn(thread, catcher);
    thread.release(run_others(thread));
    return NativeProgram::done(
        thread, program_.send_exception(thread, channel_, ExceptionType::kValueError));
  });
  EXPECT_EQ(raised, "ValueError");
  expect_clean();
}

TEST_F(Channels, AnUncaughtReceivedExceptionComesOutOfRun) {
  Code& careless =
      program_.code([&](Thread& thread) { return program_.receive(thread, channel_); });
  const Ending ending = program_.run([&](Thread& thread) {
    make_channel(thread, 0);
    program_.spawn(thread, careless);
    thread.release(run_others(thread));
    thread.release(program_.send_exception(thread, channel_, ExceptionType::kE1));
    return run_others(thread);
  });
  EXPECT_TRUE(ending.failed);
  EXPECT_EQ(ending.exception, ExceptionType::kE1);
  EXPECT_EQ(ending.token, 1u);
  expect_clean();
}

TEST_F(Channels, ABlockTrapForbidsBlockingButNotServing) {
  program_.run([&](Thread& thread) {
    make_channel(thread, 0);
    thread.current()->block_trap = true;
    EXPECT_EQ(NativeProgram::error(thread, program_.send(thread, channel_)), "block_trap");
    EXPECT_EQ(NativeProgram::error(thread, receive(thread, channel_, SiteId{})), "block_trap");
    EXPECT_EQ(channel_->balance, 0);
    thread.current()->block_trap = false;
    program_.spawn(thread, sender("S", 3));
    thread.release(run_others(thread));
    thread.current()->block_trap = true;
    EXPECT_EQ(NativeProgram::payload(thread, program_.receive(thread, channel_)), 3);
    return thread.none();
  });
  expect_clean();
}

TEST_F(Channels, AClosedOneServesWhoWaitsAndRefusesTheRest) {
  program_.run([&](Thread& thread) {
    make_channel(thread, 0);
    program_.spawn(thread, sender("S", 3));
    thread.release(run_others(thread));
    channel_->closing = true;
    EXPECT_EQ(NativeProgram::payload(thread, program_.receive(thread, channel_)), 3);
    EXPECT_EQ(NativeProgram::error(thread, program_.send(thread, channel_)), "closed");
    EXPECT_EQ(NativeProgram::error(thread, receive(thread, channel_, SiteId{})), "closed");
    return thread.none();
  });
  expect_clean();
}

// Everything is as before: the peer waits in its place, and the value is still to be had.
TEST_F(Channels, ARefusedHandOverIsUndone) {
  program_.run([&](Thread& thread) {
    make_channel(thread, -1);
    program_.spawn(thread, receiver("R1"));
    program_.spawn(thread, receiver("R2"));
    thread.release(run_others(thread));
    thread.guard().trap += 1;
    EXPECT_EQ(NativeProgram::error(thread, program_.send(thread, channel_, 1)), "switch_trap");
    EXPECT_EQ(channel_->balance, -2);
    EXPECT_EQ(thread.queue().count, 1u);
    thread.guard().trap -= 1;
    thread.release(program_.send(thread, channel_, 2));
    thread.release(program_.send(thread, channel_, 3));
    return thread.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("R1 waits", "R2 waits", "R1 got 2", "R2 got 3"));
  expect_clean();
}

TEST_F(Channels, TheCallbackSeesEachOperationBeforeItHappens) {
  Code& callback = program_.code([&](Thread& thread) {
    program_.say("callback at balance " + std::to_string(channel_->balance));
    EXPECT_TRUE(thread.guard().callback_running);
    EXPECT_EQ(NativeProgram::error(thread, receive(thread, channel_, SiteId{})),
              "recursive_channel_cb");
    return thread.none();
  });
  program_.run([&](Thread& thread) {
    make_channel(thread, 0);
    program_.spawn(thread, receiver("R"));
    thread.release(run_others(thread));
    thread.shared().channel_callback = {.installed = true, .code = &callback};
    thread.release(program_.send(thread, channel_, 6));
    thread.shared().channel_callback = {};
    thread.release(run_others(thread));
    return thread.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("R waits", "callback at balance -1", "R got 6"));
  EXPECT_THAT(program_.events({EventKind::kChannelCallback}), ElementsAre("chcb 0"));
  expect_clean();
}

// The value to be sent waits in the sender's tempval while the callback lets others run.
TEST_F(Channels, ACallbackThatSchedulesDoesNotDisturbTheOperation) {
  Code& callback = program_.code([&](Thread& thread) {
    program_.say("callback");
    return thread.schedule(false);
  });
  program_.run([&](Thread& thread) {
    make_channel(thread, 0);
    program_.spawn(thread, receiver("R"));
    thread.release(run_others(thread));
    program_.spawn(thread, talker("other"));
    thread.shared().channel_callback = {.installed = true, .code = &callback};
    thread.release(program_.send(thread, channel_, 9));
    thread.shared().channel_callback = {};
    thread.release(run_others(thread));
    return thread.none();
  });
  EXPECT_THAT(program_.said, ElementsAre("R waits", "callback", "other", "R got 9"));
  expect_clean();
}

// The same with the peer that was there gone when the callback is over.
TEST_F(Channels, APeerThatLeavesDuringTheCallbackIsNotServed) {
  Tasklet* waits = nullptr;
  Code& callback = program_.code([&](Thread& thread) {
    if (waits == nullptr) return thread.none();
    Tasklet* const killed = waits;
    waits = nullptr;
    Object* const value = thread.kill(killed, false);
    thread.release(killed);
    return value;
  });
  Code& waiter = program_.code([&](Thread& thread) { return program_.receive(thread, channel_); });
  program_.run([&](Thread& thread) {
    make_channel(thread, 0);
    waits = program_.spawn_kept(thread, waiter);
    thread.release(run_others(thread));
    thread.shared().channel_callback = {.installed = true, .code = &callback};
    EXPECT_EQ(NativeProgram::error(thread, program_.send(thread, channel_, 9)), "deadlock");
    EXPECT_EQ(channel_->balance, 0);
    thread.shared().channel_callback = {};
    return thread.none();
  });
  EXPECT_THAT(program_.events({EventKind::kFin}), ElementsAre("fin 1"));
  expect_clean();
}

}  // namespace
}  // namespace reweave::runtime
