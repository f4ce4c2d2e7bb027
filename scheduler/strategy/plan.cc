#include "scheduler/strategy/plan.h"

#include <algorithm>

namespace reweave {
namespace {

constexpr std::uint8_t kByIndex = 0x80;

std::uint8_t byte_at(std::span<const std::uint8_t> bytes, std::size_t at) {
  return at < bytes.size() ? bytes[at] : std::uint8_t{0};
}

std::uint16_t word_at(std::span<const std::uint8_t> bytes, std::size_t at) {
  return static_cast<std::uint16_t>(byte_at(bytes, at) | byte_at(bytes, at + 1) << 8);
}

void put_word(std::uint16_t word, std::vector<std::uint8_t>& bytes) {
  bytes.push_back(static_cast<std::uint8_t>(word & 0xff));
  bytes.push_back(static_cast<std::uint8_t>(word >> 8));
}

/// Small numbers far more often than large ones: each length in bits alike.
std::uint16_t small_number(Prng& prng, std::uint32_t bits_max) {
  return static_cast<std::uint16_t>(prng.below(1u << prng.below(bits_max + 1)));
}

/// Up or down by 1 … 8, within 16 bits.
std::uint16_t nearby(std::uint16_t number, Prng& prng) {
  const auto distance = 1 + static_cast<std::int32_t>(prng.below(8));
  const std::int32_t moved = prng.below(2) == 0 ? number + distance : number - distance;
  return static_cast<std::uint16_t>(std::clamp(moved, 0, 0xffff));
}

Plan::Item random_item(Prng& prng, std::span<const PlanTarget> targets) {
  Plan::Item item;
  item.kind = static_cast<QuestionKind>(prng.below(kQuestionKindCount));
  item.by_index = prng.below(4) == 0;
  if (item.by_index) {
    item.position = small_number(prng, 12);
    return item;
  }
  item.position = small_number(prng, 8);
  if (!targets.empty()) {
    const PlanTarget& target = targets[prng.below(static_cast<std::uint32_t>(targets.size()))];
    item.kind = target.kind;
    item.position = static_cast<std::uint16_t>(static_cast<std::uint32_t>(target.site) & 0xffff);
  }
  item.nth = small_number(prng, 5);
  item.answer = static_cast<std::uint8_t>(small_number(prng, 3));
  return item;
}

void mutate_item(Plan::Item& item, Prng& prng, std::span<const PlanTarget> targets) {
  switch (prng.below(5)) {
    case 0:
      item.position = nearby(item.position, prng);
      return;
    case 1:
      item.nth = nearby(item.nth, prng);
      return;
    case 2:
      item.answer = static_cast<std::uint8_t>(small_number(prng, 3));
      return;
    case 3:
      item.kind = static_cast<QuestionKind>(prng.below(kQuestionKindCount));
      return;
    default:
      item = random_item(prng, targets);
      return;
  }
}

}  // namespace

void decode_plan(std::span<const std::uint8_t> bytes, Plan& plan) {
  plan.seed = static_cast<std::uint32_t>(word_at(bytes, 0) |
                                         static_cast<std::uint32_t>(word_at(bytes, 2)) << 16);
  const std::uint16_t rates = word_at(bytes, 4);
  for (std::size_t i = 0; i < plan.rates.size(); ++i) {
    plan.rates[i] = static_cast<std::uint8_t>((rates >> (2 * i)) & 3);
  }
  constexpr int kScopeBit = 2 * kQuestionKindCount;
  plan.scope = static_cast<SwarmScope>((rates >> kScopeBit) % kSwarmScopeCount);
  plan.items.clear();
  for (std::size_t at = Plan::kHeadBytes; at + Plan::kItemBytes <= bytes.size();
       at += Plan::kItemBytes) {
    if (plan.items.size() == Plan::kItemsMax) break;
    Plan::Item item;
    item.kind = static_cast<QuestionKind>((bytes[at] & 0x7f) % kQuestionKindCount);
    item.by_index = (bytes[at] & kByIndex) != 0;
    item.position = word_at(bytes, at + 1);
    item.nth = word_at(bytes, at + 3);
    item.answer = bytes[at + 5];
    plan.items.push_back(item);
  }
}

void encode_plan(const Plan& plan, std::vector<std::uint8_t>& bytes) {
  put_word(static_cast<std::uint16_t>(plan.seed & 0xffff), bytes);
  put_word(static_cast<std::uint16_t>(plan.seed >> 16), bytes);
  std::uint32_t rates = 0;
  for (std::size_t i = 0; i < plan.rates.size(); ++i) rates |= (plan.rates[i] & 3u) << (2 * i);
  rates |= static_cast<std::uint32_t>(plan.scope) << (2 * kQuestionKindCount);
  put_word(static_cast<std::uint16_t>(rates), bytes);
  for (const Plan::Item& item : plan.items) {
    bytes.push_back(static_cast<std::uint8_t>(static_cast<std::uint8_t>(item.kind) |
                                              (item.by_index ? kByIndex : 0)));
    put_word(item.position, bytes);
    put_word(item.nth, bytes);
    bytes.push_back(item.answer);
  }
}

void mutate_plan(Plan& plan, Prng& prng, std::span<const PlanTarget> targets) {
  const auto count = static_cast<std::uint32_t>(plan.items.size());
  const std::uint32_t what = prng.below(11);
  if (what == 0) {
    plan.seed = static_cast<std::uint32_t>(prng.next());
  } else if (what == 10) {
    plan.scope = static_cast<SwarmScope>(prng.below(kSwarmScopeCount));
  } else if (what <= 2) {
    plan.rates[prng.below(kQuestionKindCount)] = static_cast<std::uint8_t>(prng.below(4));
  } else if (what == 3 && count > 0) {
    plan.items.erase(plan.items.begin() + prng.below(count));
  } else if (what <= 6 && count > 0) {
    mutate_item(plan.items[prng.below(count)], prng, targets);
  } else if (what == 7 && count > 0 && count < Plan::kItemsMax) {
    Plan::Item again = plan.items[prng.below(count)];  // The same once more, a little later.
    std::uint16_t& when = again.by_index ? again.position : again.nth;
    when = nearby(when, prng);
    plan.items.push_back(again);
  } else if (count < Plan::kItemsMax) {
    plan.items.push_back(random_item(prng, targets));
  } else {
    plan.items.erase(plan.items.begin() + prng.below(count));
  }
}

Plan cross_plans(const Plan& a, const Plan& b, Prng& prng) {
  Plan child;
  child.seed = prng.below(2) == 0 ? a.seed : b.seed;
  child.scope = prng.below(2) == 0 ? a.scope : b.scope;
  for (std::size_t i = 0; i < child.rates.size(); ++i) {
    child.rates[i] = prng.below(2) == 0 ? a.rates[i] : b.rates[i];
  }
  for (const Plan* parent : {&a, &b}) {
    for (const Plan::Item& item : parent->items) {
      if (prng.below(2) == 0 && child.items.size() < Plan::kItemsMax) child.items.push_back(item);
    }
  }
  return child;
}

}  // namespace reweave
