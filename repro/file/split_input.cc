#include "repro/file/split_input.h"

#include <algorithm>
#include <cstring>

namespace reweave::repro {
namespace {

constexpr std::uint8_t kEnd = 0xf5;
constexpr std::size_t kEndBytes = 2;  // The number of items, and kEnd.

bool decides_nothing(const Plan& plan) {
  const bool rates = std::any_of(plan.rates.begin(), plan.rates.end(),
                                 [](std::uint8_t rate) { return rate != 0; });
  return plan.items.empty() && !rates;
}

}  // namespace

std::span<const std::uint8_t> split_input(std::span<const std::uint8_t> input, Plan& plan) {
  decode_plan({}, plan);
  if (input.size() < kEndBytes || input.back() != kEnd) return input;
  const std::size_t items = input[input.size() - kEndBytes];
  const std::size_t bytes = Plan::kHeadBytes + items * Plan::kItemBytes;
  if (items > Plan::kItemsMax || input.size() < bytes + kEndBytes) return input;
  const std::size_t data = input.size() - kEndBytes - bytes;
  decode_plan(input.subspan(data, bytes), plan);
  return input.first(data);
}

void append_plan(const Plan& plan, std::vector<std::uint8_t>& data) {
  if (decides_nothing(plan)) {
    // Data that look as if a plan followed would be read as less.
    Plan read;
    if (split_input(data, read).size() == data.size()) return;
  }
  encode_plan(plan, data);
  data.push_back(static_cast<std::uint8_t>(plan.items.size()));
  data.push_back(kEnd);
}

std::size_t mutate_input(std::uint8_t* input, std::size_t size, std::size_t size_max, Prng prng,
                         std::span<const PlanTarget> targets, MutateData data) {
  Plan plan;
  const std::span<const std::uint8_t> before = split_input({input, size}, plan);
  std::vector<std::uint8_t> bytes(before.begin(), before.end());
  const std::uint32_t kind = data == nullptr ? 0 : prng.below(8);  // 0-2 plan, 3-6 data, 7 both
  if (kind < 3 || kind == 7) {
    const std::uint32_t changes = 1 + prng.below(3);
    for (std::uint32_t i = 0; i < changes; ++i) mutate_plan(plan, prng, targets);
  }
  const std::size_t plan_bytes =
      Plan::kHeadBytes + plan.items.size() * Plan::kItemBytes + kEndBytes;
  const bool has_room = size_max > plan_bytes;
  const std::size_t room = has_room ? size_max - plan_bytes : size_max;
  bytes.resize(std::min(bytes.size(), room));
  if (kind >= 3) {
    const std::size_t old_size = bytes.size();
    bytes.resize(room);
    bytes.resize(data(bytes.data(), old_size, room));
  }
  if (has_room) append_plan(plan, bytes);
  std::memcpy(input, bytes.data(), bytes.size());
  return bytes.size();
}

}  // namespace reweave::repro
