#include "runtime/language/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "runtime/language/arguments.h"
#include "tests/runtime/language/wild.h"

namespace reweave::runtime {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Scenario empty_main() {
  Scenario scenario;
  scenario.functions.push_back({"main", {}});
  return scenario;
}

Op op(OpCode code, std::uint16_t label = 1, std::int32_t a = 0, std::int32_t b = 0) {
  return {.code = code, .label = label, .args = {a, b, 0}};
}

std::string error_of(Scenario scenario) {
  const Status status = link(scenario);
  return status ? "linked" : status.error().message;
}

std::string error_of_ops(std::vector<Op> ops) {
  Scenario scenario = empty_main();
  scenario.channels = {"data"};
  scenario.functions[0].ops = std::move(ops);
  return error_of(scenario);
}

TEST(Operations, AreFoundByTheirWords) {
  std::set<std::string> words;
  for (int code = 0; code < op_count(); ++code) {
    const OpInfo& info = op_info(static_cast<OpCode>(code));
    EXPECT_GT(std::string(info.help).size(), 5u) << info.word;
    if (static_cast<OpCode>(code) == OpCode::kIfElse) continue;  // An `if` that met its `else`.
    EXPECT_EQ(find_op(info.word), static_cast<OpCode>(code)) << info.word;
    EXPECT_TRUE(words.insert(info.word).second) << info.word << " is in the table twice";
  }
  EXPECT_EQ(find_op("snd"), std::nullopt);
  EXPECT_EQ(find_op(""), std::nullopt);
}

TEST(Operations, ThatDeclareThingsInTheTextAreNone) {
  for (const char* keyword : {"channel", "slot", "word", "function"}) {
    EXPECT_EQ(find_op(keyword), std::nullopt) << keyword;
  }
}

TEST(Arguments, HaveARangeAndAnExplanationForEachLetter) {
  const Scenario scenario = empty_main();
  std::set<std::string_view> explained;
  for (const char letter : argument_letters()) {
    const ArgumentKind& kind = argument_kind(letter);
    EXPECT_EQ(kind.letter, letter);
    EXPECT_STRNE(kind.placeholder, "");
    if (kind.help != nullptr) explained.insert(kind.placeholder);
    EXPECT_TRUE(explained.contains(kind.placeholder)) << letter << " is explained nowhere";
    EXPECT_LE(argument_range(scenario, letter).low, letter == 'h' ? 1 : 0) << letter;
    EXPECT_EQ(argument_range(scenario, letter).contains(-1),
              kind.optional || letter == 'p' || letter == 'i');
  }
  EXPECT_TRUE(argument_range(scenario, 'c').empty());
  EXPECT_TRUE(argument_range(scenario, 's').empty());
  EXPECT_TRUE(argument_range(scenario, 'S').contains(-1));
  EXPECT_TRUE(argument_range(scenario, 'f').contains(0));
  EXPECT_FALSE(argument_range(scenario, 'f').contains(1));
}

TEST(Arguments, OfOneRangeTakeEachOthersPlace) {
  EXPECT_TRUE(same_arguments("od", "ss"));
  EXPECT_TRUE(same_arguments("fD", "fS"));
  EXPECT_FALSE(same_arguments("s", "S"));
  EXPECT_FALSE(same_arguments("s", "ss"));
  EXPECT_FALSE(same_arguments("ss", "s"));
  EXPECT_FALSE(same_arguments("n", "t"));
  EXPECT_TRUE(acts_on_any_object(OpCode::kGetcell));
  EXPECT_FALSE(acts_on_any_object(OpCode::kKill));
  EXPECT_FALSE(acts_on_any_object(OpCode::kSched));
}

TEST(Link, FindsThePartnersOfNestedBlocks) {
  Scenario scenario = scenario_of(R"(
    function main
      finally       # 0
        try         # 1
          sched     # 2
        end         # 3
      then          # 4
        loop 2      # 5
        end         # 6
      end           # 7
    end)");
  const std::vector<Op>& ops = scenario.functions[0].ops;
  EXPECT_EQ(ops[0].match, 4u);
  EXPECT_EQ(ops[4].match, 7u);
  EXPECT_EQ(ops[7].match, 0u);
  EXPECT_EQ(ops[1].match, 3u);
  EXPECT_EQ(ops[3].match, 1u);
  EXPECT_EQ(ops[5].match, 6u);
  EXPECT_EQ(ops[6].match, 5u);
  const Scenario once = scenario;
  ASSERT_TRUE(link(scenario).has_value());
  EXPECT_EQ(scenario, once);
}

TEST(Link, NamesFunctionAndOperationOfWhatIsWrong) {
  EXPECT_EQ(error_of_ops({op(OpCode::kSend)}), "linked");
  EXPECT_THAT(error_of_ops({op(OpCode::kSched), op(OpCode::kSend, 2, 1)}),
              AllOf(HasSubstr("function main, operation 2"), HasSubstr("send #1"),
                    HasSubstr("use 0 to 0")));
  EXPECT_THAT(error_of_ops({op(OpCode::kDrop)}), HasSubstr("the scenario has none: add one"));
  EXPECT_THAT(error_of_ops({op(OpCode::kSched, 1, 7)}), HasSubstr("no such argument"));
  EXPECT_THAT(error_of_ops({op(OpCode::kRaise, 1, kNameableExceptions)}), HasSubstr("use 0 to 6"));
  EXPECT_THAT(error_of_ops({op(OpCode::kRec, 1, 10'000, -1)}), HasSubstr("use 0 to 9999"));
  EXPECT_THAT(error_of_ops({op(static_cast<OpCode>(255))}), HasSubstr("255 is no operation"));
}

TEST(Link, RefusesBlocksThatDoNotClose) {
  const Op end = {.code = OpCode::kEnd};
  const Op then = {.code = OpCode::kThen};
  EXPECT_THAT(error_of_ops({op(OpCode::kTry)}), HasSubstr("operation 1 (`try`): is not closed"));
  EXPECT_THAT(error_of_ops({end}), HasSubstr("closes no block"));
  EXPECT_THAT(error_of_ops({then}), HasSubstr("stands in no `finally`"));
  EXPECT_THAT(error_of_ops({op(OpCode::kTry), then, end}), HasSubstr("stands in no `finally`"));
  EXPECT_THAT(error_of_ops({op(OpCode::kFinally), end}), HasSubstr("has no `then`"));
  EXPECT_THAT(error_of_ops({op(OpCode::kFinally), then, then, end}), HasSubstr("second one"));
  EXPECT_THAT(error_of_ops({op(OpCode::kFinally), then}), HasSubstr("is not closed"));
  EXPECT_EQ(error_of_ops({op(OpCode::kFinally), then, end}), "linked");
}

TEST(Link, RefusesLabelsThatAreMissingOrUsedTwice) {
  const Op end = {.code = OpCode::kEnd};
  EXPECT_THAT(error_of_ops({op(OpCode::kSched, 0)}), HasSubstr("call number_labels()"));
  EXPECT_THAT(error_of_ops({op(OpCode::kSched, 5), op(OpCode::kSched, 3), op(OpCode::kSched, 5)}),
              AllOf(HasSubstr("operation 3"), HasSubstr("label 5 already belongs to operation 1")));
  EXPECT_THAT(error_of_ops({op(OpCode::kTry), op(OpCode::kEnd, 2)}), HasSubstr("have no label"));
  EXPECT_EQ(error_of_ops({op(OpCode::kTry, 9), end, op(OpCode::kSched, 3)}), "linked");
}

TEST(Link, RefusesWhatExceedsALimit) {
  const Op end = {.code = OpCode::kEnd};
  std::vector<Op> ops(Scenario::kOpsPerFunctionMax);
  for (std::size_t i = 0; i < ops.size(); ++i) {
    ops[i] = op(OpCode::kSched, static_cast<std::uint16_t>(i + 1));
  }
  EXPECT_EQ(error_of_ops(ops), "linked");
  ops.push_back(op(OpCode::kSched, 5000));
  EXPECT_THAT(error_of_ops(ops), HasSubstr("1001 operations; the limit is 1000"));

  std::vector<Op> nested;
  for (std::uint16_t i = 1; i <= Scenario::kNesting; ++i) nested.push_back(op(OpCode::kTry, i));
  for (std::size_t i = 0; i < Scenario::kNesting; ++i) nested.push_back(end);
  EXPECT_EQ(error_of_ops(nested), "linked");
  nested.insert(nested.begin(), op(OpCode::kTry, 100));
  nested.push_back(end);
  EXPECT_THAT(error_of_ops(nested), HasSubstr("nested deeper than 16"));

  Scenario scenario = empty_main();
  for (int i = 0; i < 65; ++i) scenario.channels.push_back("c" + std::to_string(i));
  EXPECT_THAT(error_of(scenario), HasSubstr("65 channels; the limit is 64"));
  scenario.channels.clear();
  for (int i = 0; i < 64; ++i) scenario.functions.push_back({"f" + std::to_string(i), {}});
  EXPECT_THAT(error_of(scenario), HasSubstr("65 functions; the limit is 64"));
}

TEST(Link, RefusesNamesThatAreNoneOrUsedTwice) {
  Scenario scenario = empty_main();
  scenario.slots = {"a", "b c"};
  EXPECT_THAT(error_of(scenario), HasSubstr("slot 1 is named `b c`"));
  scenario.slots = {"a", "b", "a"};
  EXPECT_THAT(error_of(scenario), HasSubstr("two slots are named `a`"));
  scenario.slots = {std::string(Scenario::kNameBytesMax, 'x')};
  EXPECT_EQ(error_of(scenario), "linked");
  scenario.slots[0] += 'x';
  EXPECT_THAT(error_of(scenario), HasSubstr("1 to 64 letters"));
  scenario.slots = {""};
  EXPECT_THAT(error_of(scenario), HasSubstr("slot 0 is named ``"));
  EXPECT_THAT(error_of(Scenario()), HasSubstr("has no function"));
  Scenario late;
  late.functions = {{"start", {}}, {"main", {}}};
  EXPECT_THAT(error_of(late), HasSubstr("function main is number 2"));
}

TEST(NumberLabels, GivesTheHighestPlusOneSoThatNoDeletedLabelComesBack) {
  Function function{"f", {op(OpCode::kSched, 0), op(OpCode::kTry, 7), op(OpCode::kSched, 0)}};
  function.ops.push_back({.code = OpCode::kEnd, .label = 3});
  number_labels(function);
  EXPECT_EQ(function.ops[0].label, 8);
  EXPECT_EQ(function.ops[1].label, 7);
  EXPECT_EQ(function.ops[2].label, 9);
  EXPECT_EQ(function.ops[3].label, 0);
}

TEST(NumberLabels, FillsGapsWhenTheHighestLabelIsTaken) {
  Function function{"f", {op(OpCode::kSched, UINT16_MAX), op(OpCode::kSched, 1)}};
  function.ops.push_back(op(OpCode::kSched, 0));
  function.ops.push_back(op(OpCode::kSched, 0));
  number_labels(function);
  EXPECT_EQ(function.ops[2].label, 2);
  EXPECT_EQ(function.ops[3].label, 3);
}

TEST(Sites, HaveNamesThatLeadBackToThem) {
  const Scenario scenario = scenario_of(R"(
    function main
      sched
      7: sched
    end
    function receiver
      sched
    end)");
  EXPECT_EQ(site_name(scenario, site_of(0, 7)), "main.7");
  EXPECT_EQ(site_name(scenario, site_of(1, 0)), "receiver");
  EXPECT_EQ(find_site(scenario, "main.7"), site_of(0, 7));
  EXPECT_EQ(find_site(scenario, "receiver"), site_of(1, 0));
  for (const char* wrong : {"main.2", "main.0", "main.07", "main.", "main.7x", "sender", "sender.1",
                            "", ".", ".1", "main.70000", "main.-7", "main.7.7"}) {
    EXPECT_EQ(find_site(scenario, wrong), std::nullopt) << wrong;
  }
}

TEST(Names, OfExceptionsAndCanariesAreAllDifferent) {
  std::set<std::string> names;
  for (int i = 0; i <= static_cast<int>(ExceptionType::kMemoryError); ++i) {
    names.insert(exception_name(static_cast<ExceptionType>(i)));
  }
  EXPECT_EQ(names.size(), 9u);
  names.clear();
  for (int i = 0; i < kCanaryCount; ++i) names.insert(canary_name(static_cast<Canary>(i)));
  EXPECT_EQ(names.size(), 5u);
}

}  // namespace
}  // namespace reweave::runtime
