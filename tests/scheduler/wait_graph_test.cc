// The shape of a deadlock, as a signature has it.
#include "scheduler/sync/wait_graph.h"

#include <gtest/gtest.h>

namespace reweave::sync {
namespace {

TEST(WaitGraph, ShapeIsWhatEachDoesWithoutCountOrOrder) {
  EXPECT_EQ(shape_of({}), "");
  EXPECT_EQ(shape_of({"mutex in b", "mutex in a", "mutex in b"}), "mutex in a, mutex in b");
}

}  // namespace
}  // namespace reweave::sync
