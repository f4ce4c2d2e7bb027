#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "scheduler/schedule.h"
#include "scheduler/strategy/plan.h"

namespace reweave {
namespace {

std::string any_path() {
  std::string path = "0";
  for (const auto ordinal : *rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 1000))) {
    if (path.size() < 1000) path += "." + std::to_string(ordinal);
  }
  return path;
}

NamedAnswer any_answer() {
  NamedAnswer answer;
  answer.actor = any_path();
  answer.kind = static_cast<QuestionKind>(*rc::gen::inRange(0, kQuestionKindCount));
  answer.site = *rc::gen::nonEmpty(
      rc::gen::container<std::string>(rc::gen::elementOf(std::string("abcxyz_.:;,/-#0123456789"))));
  if (answer.site[0] == '#') answer.site[0] = 's';
  if (answer.site.back() == ';') answer.site += 'e';  // "; " separates the answers in one line.
  answer.nth = *rc::gen::arbitrary<std::uint32_t>();
  if (answer.kind == QuestionKind::kRun) {
    answer.chosen = any_path();
  } else {
    answer.answer = *rc::gen::inRange<std::uint32_t>(1, 1000);
  }
  return answer;
}

Schedule any_schedule() {
  Schedule schedule;
  const int count = *rc::gen::inRange(0, 20);
  for (int i = 0; i < count; ++i) {
    NamedAnswer answer = any_answer();
    answer.nth = answer.nth / 32 * 32 + static_cast<std::uint32_t>(i);  // No question twice.
    schedule.answers.push_back(std::move(answer));
  }
  return schedule;
}

RC_GTEST_PROP(ScheduleProperty, TextIsReadBackAsItWas, ()) {
  const Schedule schedule = any_schedule();
  const auto read = parse_schedule(schedule.text("  "), "f");
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == schedule);
}

RC_GTEST_PROP(ScheduleProperty, OneLineIsReadBackAsItWas, ()) {
  const Schedule schedule = any_schedule();
  const std::string line = schedule.one_line();
  RC_PRE(line.size() < LineReader::kBytesMax);
  const auto read = parse_one_line(line);
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == schedule);
}

RC_GTEST_PROP(ScheduleProperty, AnyBytesAreReadOrRefusedWithTheFileNamed,
              (const std::string& bytes)) {
  const auto read = parse_schedule(bytes, "some-file");
  if (!read) RC_ASSERT(read.error().message.rfind("some-file:", 0) == 0);
}

RC_GTEST_PROP(ScheduleProperty, ADamagedScheduleIsReadOrRefusedWithTheFileNamed, ()) {
  std::string text = any_schedule().text();
  RC_PRE(!text.empty());
  const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
  text[at] = *rc::gen::arbitrary<char>();
  const auto read = parse_schedule(text, "some-file");
  if (!read) RC_ASSERT(read.error().message.rfind("some-file:", 0) == 0);
}

RC_GTEST_PROP(PlanProperty, AnyBytesAreAPlanThatIsWrittenAndReadAsItWas,
              (const std::vector<std::uint8_t>& bytes)) {
  Plan plan;
  decode_plan(bytes, plan);
  std::vector<std::uint8_t> written;
  encode_plan(plan, written);
  RC_ASSERT(written.size() <= Plan::kBytesMax);
  Plan again;
  decode_plan(written, again);
  RC_ASSERT(again == plan);
}

RC_GTEST_PROP(PlanProperty, MutantsAndCrossesArePlans,
              (std::uint64_t seed, const std::vector<std::uint8_t>& bytes)) {
  Prng prng(seed);
  Plan a, b;
  decode_plan(bytes, a);
  const std::vector<PlanTarget> targets = {{QuestionKind::kSpill, SiteId{7}}};
  for (int i = 0; i < 200; ++i) {
    mutate_plan(a, prng, targets);
    mutate_plan(b, prng);
    if (i % 20 == 0) a = cross_plans(a, b, prng);
    RC_ASSERT(a.items.size() <= Plan::kItemsMax);
    std::vector<std::uint8_t> written;
    encode_plan(a, written);
    Plan again;
    decode_plan(written, again);
    RC_ASSERT(again == a);
  }
}

}  // namespace
}  // namespace reweave
