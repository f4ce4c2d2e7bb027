#include "scheduler/question.h"

#include <array>

#include "scheduler/base/internal_check.h"

namespace reweave {
namespace {

constexpr std::array<const char*, kQuestionKindCount> kNames = {
    "run", "preempt", "spill", "collect", "fail", "fire", "pick"};

}  // namespace

const char* question_kind_name(QuestionKind kind) {
  const auto index = static_cast<std::size_t>(kind);
  CHECK(index < kNames.size());
  return kNames[index];
}

std::optional<QuestionKind> find_question_kind(std::string_view word) {
  for (std::size_t index = 0; index < kNames.size(); ++index) {
    if (word == kNames[index]) return static_cast<QuestionKind>(index);
  }
  return std::nullopt;
}

}  // namespace reweave
