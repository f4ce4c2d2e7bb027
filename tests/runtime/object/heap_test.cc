// The arena: nothing is used twice within an execution, everything is used again in the next one.
#include "runtime/object/heap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "tests/runtime/native_program.h"

namespace reweave::runtime {
namespace {

TEST(Heap, ObjectsAreFreshAlignedAndCounted) {
  Heap heap;
  std::set<Object*> seen;
  for (int i = 0; i < 1000; ++i) {
    auto* const token = heap.make<Token>(ObjectKind::kToken, 24);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(token) % 16, 0u);
    EXPECT_EQ(token->refs, 1u);
    EXPECT_EQ(token->number, 0u);
    EXPECT_TRUE(seen.insert(token).second);
    std::memset(static_cast<void*>(token + 1), 0x5a, 24);
  }
  EXPECT_EQ(heap.live(ObjectKind::kToken), 1000u);
  EXPECT_EQ(heap.live(ObjectKind::kBomb), 0u);
}

TEST(Heap, ARetiredObjectKeepsItsHeaderAndItsMemory) {
  Heap heap;
  auto* const token = heap.make<Token>(ObjectKind::kToken);
  const std::uint32_t generation = token->generation;
  heap.retire(token);
  EXPECT_TRUE(token->dead);
  EXPECT_NE(token->generation, generation);
  EXPECT_EQ(heap.live(ObjectKind::kToken), 0u);
  for (int i = 0; i < 100; ++i) EXPECT_NE(heap.make<Token>(ObjectKind::kToken), token);
}

TEST(Heap, ResetGivesTheSameMemoryAgainAndTakesNoMore) {
  Heap heap;
  const auto fill = [&] {
    std::vector<Object*> objects;
    for (int i = 0; i < 5000; ++i) objects.push_back(heap.make<Token>(ObjectKind::kToken, 40));
    objects.push_back(static_cast<Object*>(heap.allocate(3 * Heap::kChunkBytes)));
    return objects;
  };
  const auto first = fill();
  const std::size_t chunks = heap.chunk_count();
  const std::size_t bytes = heap.bytes_used();
  EXPECT_GT(chunks, 3u);
  for (int i = 0; i < 5; ++i) {
    heap.reset();
    EXPECT_EQ(heap.live(ObjectKind::kToken), 0u);
    EXPECT_EQ(fill(), first);
    EXPECT_EQ(heap.chunk_count(), chunks);
    EXPECT_EQ(heap.bytes_used(), bytes);
  }
}

#if defined(REWEAVE_ASAN)
TEST(Heap, ADeadObjectsBodyIsOutOfReach) {
  EXPECT_DEATH(
      {
        Heap heap;
        auto* const token = heap.make<Token>(ObjectKind::kToken);
        heap.retire(token);
        token->payload = 1;
      },
      "use-after-poison");
}

TEST(Heap, BeyondAnObjectThereIsARedzone) {
  EXPECT_DEATH(
      {
        Heap heap;
        auto* const bytes = static_cast<volatile char*>(heap.allocate(32));
        heap.allocate(32);
        bytes[32] = 1;
      },
      "use-after-poison");
}

TEST(Heap, WhatAnEarlierExecutionMadeIsOutOfReach) {
  EXPECT_DEATH(
      {
        Heap heap;
        auto* const token = heap.make<Token>(ObjectKind::kToken);
        heap.reset();
        token->payload = 1;
      },
      "use-after-poison");
}
#endif

TEST(HeapDeathTest, RetiringTwiceIsOurOwnBug) {
  Heap heap;
  auto* const token = heap.make<Token>(ObjectKind::kToken);
  heap.retire(token);
  EXPECT_DEATH(heap.retire(token), "CHECK failed");
}

// ---- Reference counts, through the runtime ----

TEST(Objects, DieWithTheirLastReference) {
  NativeProgram program;
  program.run([](Thread& thread) {
    Token* const token = thread.make_token();
    retain(token);
    thread.release(token);
    EXPECT_EQ(thread.heap().live(ObjectKind::kToken), 1u);
    thread.release(token);
    EXPECT_EQ(thread.heap().live(ObjectKind::kToken), 0u);
    Channel* const channel = thread.make_channel(0);
    EXPECT_EQ(thread.heap().live(ObjectKind::kChannel), 1u);
    thread.release(channel);
    EXPECT_EQ(thread.heap().live(ObjectKind::kChannel), 0u);
    return thread.none();
  });
}

TEST(Objects, NoneIsNobodysToFree) {
  NativeProgram program;
  EXPECT_DEATH(program.run([](Thread& thread) {
    Object* const none = thread.none();
    none->refs = 1;
    thread.release(none);
    return thread.none();
  }),
               "None was released more often than it was retained");
}

TEST(Objects, ACensusOfAProgramThatEndedFindsOnlyWhatIsHeld) {
  NativeProgram program;
  Channel* channel = nullptr;
  Code& echo = program.code([&](Thread& thread) {
    for (int i = 0; i < 20; ++i) {
      Object* const value = program.receive(thread, channel);
      if (value == nullptr) return value;
      thread.release(value);
    }
    return thread.none();
  });
  program.run([&](Thread& thread) {
    channel = thread.make_channel(0);
    program.spawn(thread, echo);
    for (int i = 0; i < 20; ++i) thread.release(program.send(thread, channel, i));
    thread.release(run_others(thread));
    thread.release(channel);
    EXPECT_EQ(thread.heap().live(ObjectKind::kToken), 0u);
    EXPECT_EQ(thread.heap().live(ObjectKind::kBomb), 0u);
    EXPECT_EQ(thread.heap().live(ObjectKind::kChannel), 0u);
    EXPECT_EQ(thread.heap().live(ObjectKind::kPair), 0u);
    EXPECT_EQ(thread.heap().live(ObjectKind::kTasklet), 1u);  // main
    return thread.none();
  });
}

}  // namespace
}  // namespace reweave::runtime
