// The seed inputs of the fuzz targets are scenarios and repros of corpora/, encoded; the dictionary
// of the reader is the words that it knows. Both are files, because fuzzers want files; this test
// holds them to where they come from, and renews them:
//
//   REWEAVE_UPDATE_GOLDEN=1 ctest --preset release -R SeedCorpus
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>

#include "repro/file/raw_input.h"
#include "repro/file/tasklet_file.h"
#include "repro/file/workdir.h"
#include "repro/run/runner.h"
#include "runtime/interpreter/scenario_subject.h"

namespace reweave::repro {
namespace {

namespace fs = std::filesystem;

std::string corpora(const std::string& name) { return REWEAVE_CORPORA "/" + name; }

std::string content_of(const std::string& path) {
  const Expected<std::string> content = read_file(path);
  return content ? *content : "";
}

WeaveFile weave_file(const std::string& path) {
  const Expected<WeaveFile> file = read_weave(content_of(path), path);
  EXPECT_TRUE(file.has_value()) << (file ? "" : file.error().message);
  return file ? *file : WeaveFile{};
}

/// The file is what it should be; or is made so, if that is what was asked for.
void expect_content(const std::string& path, const std::string& expected) {
  if (std::getenv("REWEAVE_UPDATE_GOLDEN") != nullptr) {
    fs::create_directories(fs::path(path).parent_path());
    const Status status = write_file(path, expected);
    EXPECT_TRUE(status.has_value()) << (status ? "" : status.error().message);
  }
  EXPECT_TRUE(content_of(path) == expected)
      << path << " differs; renew it: REWEAVE_UPDATE_GOLDEN=1 ctest --preset release -R SeedCorpus";
}

/// Nothing is decided by it, or a little at random.
enum class How { kOrdinary, kRandom };

struct Seed {
  const char* target;
  const char* name;      // By what it means.
  const char* scenario;  // Below corpora/, without ".weave".
  How how = How::kOrdinary;
};
constexpr Seed kSeeds[] = {
    {"tempval", "dying-sender-with-deep-callback", "scenarios/blog"},
    {"tempval", "dying-sender-with-switching-callback", "scenarios/d1"},
    {"tempval", "channel-callback-that-spills", "scenarios/d2"},
    {"tempval", "exception-over-a-spill", "scenarios/d3"},
    {"tempval", "callback-under-random-answers", "scenarios/neutral", How::kRandom},
    {"tempval", "server-with-many-tasklets", "scenarios/noisy"},
    {"frames", "refused-switch", "scenarios/refused-switch"},
    {"frames", "refused-switch-under-random-answers", "scenarios/refused-switch", How::kRandom},
    {"frames", "deep-calls-in-a-callback", "scenarios/blog"},
    {"channels", "server-with-many-tasklets", "scenarios/noisy"},
    {"channels", "send-sequence-of-nothing", "repros/regressions/send-sequence-of-nothing"},
    {"channels", "download", "scenarios/download"},
    {"deaths", "dying-sender-with-deep-callback", "scenarios/blog"},
    {"deaths", "woken-dies-before-it-is-read", "repros/regressions/woken-dies-before-it-is-read"},
    {"deaths", "survivor-is-freed", "repros/defects/survivor-is-freed"},
    {"deaths", "recycled-keeps-weakrefs", "repros/defects/recycled-keeps-weakrefs"},
    {"spill", "channel-callback-that-spills", "scenarios/d2"},
    {"spill", "exception-over-a-spill", "scenarios/d3", How::kRandom},
    {"spill", "interrupt-after-a-spilled-call",
     "repros/regressions/interrupt-after-a-spilled-call"},
    {"threads", "thread-end-kills-all", "repros/defects/thread-end-kills-all"},
    {"threads", "interrupt-ignores-trap", "repros/defects/interrupt-ignores-trap"},
    {"threads", "callback-under-random-answers", "scenarios/neutral", How::kRandom},
    {"collector", "closure-cycle", "scenarios/closure-cycle"},
    {"collector", "closure-cure-fails", "scenarios/closure-cure-fails"},
    {"collector", "dying-stays-tracked", "repros/defects/dying-stays-tracked"},
    {"dict", "dict-clears-in-place", "repros/defects/dict-clears-in-place"},
    {"dict", "dict-releases-first", "repros/defects/dict-releases-first"},
    {"async", "lost-job", "scenarios/lost-job"},
    {"async", "stopper-waits-for-the-caller", "repros/regressions/stopper-waits-for-the-caller"},
    {"sync", "condition", "scenarios/condvar"},
    {"sync", "two-locks", "repros/stuck/two-locks"},
    {"sync", "lost-wake-up", "repros/stuck/lost-wake-up", How::kRandom},
    {"conformance", "server-with-many-tasklets", "scenarios/noisy"},
    {"conformance", "runq-of-one-woken-while-it-leaves",
     "repros/regressions/runq-of-one-woken-while-it-leaves"},
};

FuzzCase case_of(const runtime::Scenario& scenario, How how) {
  FuzzCase fuzz_case;
  fuzz_case.scenario = scenario;
  if (how == How::kRandom) {
    fuzz_case.plan.seed = 7;
    fuzz_case.plan.rates.fill(2);
  }
  return fuzz_case;
}

std::string encoded(const FuzzCase& fuzz_case) {
  std::vector<std::uint8_t> bytes;
  encode_fuzz_case(fuzz_case, bytes);
  return {bytes.begin(), bytes.end()};
}

TEST(SeedCorpus, IsTheScenariosEncoded) {
  std::set<std::string> known;
  for (const Seed& seed : kSeeds) {
    const std::string path = corpora(std::string("fuzz/") + seed.target + "/seeds/" + seed.name);
    known.insert(path);
    const WeaveFile file = weave_file(corpora(std::string(seed.scenario) + ".weave"));
    expect_content(path, encoded(case_of(scenario_of(file), seed.how)));
  }
  for (const FuzzTarget& target : fuzz_targets()) {
    for (const auto& entry :
         fs::directory_iterator(corpora("fuzz/" + std::string(target.name) + "/seeds")))
      EXPECT_TRUE(known.count(entry.path().string()) == 1) << entry.path() << " comes from nowhere";
  }
}

// A regression that needs no decision is an input of a fuzz target, too.
TEST(SeedCorpus, HoldsTheRegressions) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator(corpora("repros/regressions"))) {
    const WeaveFile file = weave_file(entry.path().string());
    ASSERT_TRUE(file.schedule.has_value()) << entry.path();
    if (!file.schedule->empty()) continue;
    ++count;
    expect_content(corpora("fuzz/tempval/regressions/" + entry.path().stem().string()),
                   encoded(case_of(scenario_of(file), How::kOrdinary)));
  }
  EXPECT_GE(count, 1);
}

/// What a seed shows under its target's settings and these defects.
std::vector<std::string> shows(const Seed& seed, const char* defects) {
  FuzzCase fuzz_case;
  runtime::ScenarioDecoder decoder;
  const std::string bytes =
      content_of(corpora(std::string("fuzz/") + seed.target + "/seeds/" + seed.name));
  decode_fuzz_case({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, decoder,
                   fuzz_case);
  runtime::Settings settings = (*find_fuzz_target(seed.target))->settings;
  settings.defects = *runtime::parse_defects(defects);
  const WeaveFile file = tasklet_file(fuzz_case.scenario, settings);
  Runner runner;
  std::vector<std::string> signatures;
  for (const Finding& finding : runner.run(file, ReplayMode::kLenient).findings)
    signatures.push_back(finding.signature);
  return signatures;
}

// Seeds are worth their bytes only if the bugs are within reach of them.
TEST(SeedCorpus, ReachesTheDefectsItIsNamedFor) {
  EXPECT_THAT(shows(kSeeds[0], "post-switch-clear,spill-drops-tempval"), testing::SizeIs(1));
  EXPECT_THAT(shows(kSeeds[1], "post-switch-clear"), testing::SizeIs(1));
  EXPECT_THAT(shows(kSeeds[2], "spill-drops-tempval"), testing::SizeIs(1));
  EXPECT_THAT(shows(kSeeds[3], "spill-explodes-bomb"), testing::ElementsAre("null-tempval spill"));
  EXPECT_THAT(shows(kSeeds[6], "frame-over-release"),
              testing::Contains(testing::StartsWith("dangling-frame")));
  for (const Seed& seed : kSeeds) EXPECT_THAT(shows(seed, ""), testing::IsEmpty()) << seed.name;
}

/// Every word that means something in a `.weave` file.
std::set<std::string> words_of_the_format() {
  std::set<std::string> words = {"weave 1",  "settings",   "schedule",
                                 "verdict",  "channel ",   "slot ",
                                 "word ",    "function ",  "function main\nend\n",
                                 "end\n",    "finding ",   " step ",
                                 "result ",  "trace ",     "-",
                                 "1:",       "0.1",        "soft",
                                 "hard",     "on",         "off",
                                 "none",     "#",          " daemon",
                                 " raises",  "condition ", "expect ",
                                 " before ", "else",       "said "};
  for (int code = 0; code < runtime::op_count(); ++code)
    words.insert(std::string(runtime::op_info(static_cast<runtime::OpCode>(code)).word) + " ");
  for (int index = 0; index < runtime::kNameableExceptions; ++index)
    words.insert(runtime::exception_name(static_cast<runtime::ExceptionType>(index)));
  for (int index = 0; index < runtime::kCanaryCount; ++index)
    words.insert(runtime::canary_name(static_cast<runtime::Canary>(index)));
  for (const runtime::DefectInfo& info : runtime::all_defects()) words.insert(info.name);
  for (int index = 0; index < kFindingKindCount; ++index)
    words.insert(finding_kind_name(static_cast<FindingKind>(index)));
  for (int index = 0; index < kQuestionKindCount; ++index)
    words.insert(question_kind_name(static_cast<QuestionKind>(index)));
  std::istringstream settings(runtime::values_of({}).lines(""));
  for (std::string word, value; settings >> word && std::getline(settings, value);)
    words.insert(word + " ");
  return words;
}

// libFuzzer's form: one quoted word on a line, with \xHH for what is not printable.
TEST(SeedCorpus, DictionaryIsTheWordsOfTheFormat) {
  std::string text =
      "# Words of .weave files, for -dict=; made from the tables, see seed_corpus_test.cc.\n";
  for (const std::string& word : words_of_the_format()) {
    text += '"';
    for (const char c : word) c == '\n' ? text += "\\x0A" : text += c;
    text += "\"\n";
  }
  expect_content(corpora("fuzz/weave_reader/weave.dict"), text);
}

}  // namespace
}  // namespace reweave::repro
