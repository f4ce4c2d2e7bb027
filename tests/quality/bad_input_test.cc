// Bad input: whatever a file holds, the tool ends by itself with one of its exit codes; what cannot
// be read gives one error with file and line, and code 2.
//
// The files are all of corpora/, cut off, with bits flipped, bytes inserted, lines moved, grown or
// mixed; and noise. Thousands go through the reader in this process; what it makes of a file is
// then what some dozens of real runs of the tool are held against.
#include <algorithm>
#include <filesystem>
#include <regex>

#include "scheduler/base/prng.h"
#include "scheduler/machine/sanitizer.h"
#include "tests/repro/cli.h"

namespace reweave::repro {
namespace {

/// The text of every `.weave` file in corpora/ but the canaries, in order of their names.
const std::vector<std::string>& good_texts() {
  static const std::vector<std::string> texts = [] {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(REWEAVE_CORPORA)) {
      const std::string path = entry.path().string();
      if (entry.path().extension() == ".weave" && path.find("/canaries/") == std::string::npos)
        paths.push_back(path);
    }
    std::sort(paths.begin(), paths.end());
    std::vector<std::string> contents;
    for (const std::string& path : paths) contents.push_back(*read_file(path));
    return contents;
  }();
  return texts;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size() - 1);
    lines.push_back(text.substr(begin, end + 1 - begin));
    begin = end + 1;
  }
  return lines;
}

std::string noise(Prng& prng, std::uint32_t bytes) {
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>(prng.next() & 0xff);
  return text;
}

std::string with_bits_flipped(std::string text, Prng& prng) {
  const std::uint32_t flips = 1 + prng.below(4);
  for (std::uint32_t i = 0; i < flips; ++i) {
    char& c = text[prng.below(static_cast<std::uint32_t>(text.size()))];
    c = static_cast<char>(c ^ (1 << prng.below(8)));
  }
  return text;
}

/// A line of another file in some place, a line twice, or one less.
std::string with_lines_mixed(const std::string& text, Prng& prng) {
  std::vector<std::string> lines = lines_of(text);
  const std::uint32_t changes = 1 + prng.below(3);
  for (std::uint32_t i = 0; i < changes && !lines.empty(); ++i) {
    const auto at =
        static_cast<std::ptrdiff_t>(prng.below(static_cast<std::uint32_t>(lines.size())));
    const auto& texts = good_texts();
    const auto others = lines_of(texts[prng.below(static_cast<std::uint32_t>(texts.size()))]);
    switch (prng.below(3)) {
      case 0:
        lines.erase(lines.begin() + at);
        break;
      case 1:
        lines.insert(lines.begin() + at,
                     others[prng.below(static_cast<std::uint32_t>(others.size()))]);
        break;
      default:
        std::swap(lines[static_cast<std::size_t>(at)],
                  lines[prng.below(static_cast<std::uint32_t>(lines.size()))]);
        break;
    }
  }
  std::string mixed;
  for (const std::string& line : lines) mixed += line;
  return mixed;
}

/// A number somewhere becomes another one, mostly far too large.
std::string with_a_number_changed(std::string text, Prng& prng) {
  static const char* const kNumbers[] = {"0",
                                         "-1",
                                         "1",
                                         "65535",
                                         "65536",
                                         "4294967296",
                                         "9223372036854775807",
                                         "99999999999999999999",
                                         "1e9"};
  std::vector<std::size_t> digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] >= '0' && text[i] <= '9') digits.push_back(i);
  }
  if (digits.empty()) return text;
  return text.replace(digits[prng.below(static_cast<std::uint32_t>(digits.size()))], 1,
                      kNumbers[prng.below(9)]);
}

std::string damaged(Prng& prng) {
  const auto& texts = good_texts();
  const std::string& text = texts[prng.below(static_cast<std::uint32_t>(texts.size()))];
  switch (prng.below(8)) {
    case 0:
      return text.substr(0, prng.below(static_cast<std::uint32_t>(text.size())));
    case 1:
      return noise(prng, prng.below(2000));
    case 2:
      return "weave 1\n" + noise(prng, prng.below(200));
    case 3: {
      std::string longer = text;
      return longer.insert(prng.below(static_cast<std::uint32_t>(text.size())),
                           noise(prng, 1 + prng.below(20)));
    }
    case 4:
      return with_lines_mixed(text, prng);
    case 5:
      return with_a_number_changed(text, prng);
    default:
      return with_bits_flipped(text, prng);
  }
}

/// "file:LINE: what", or "file: what" where the file as a whole is refused.
void expect_one_error(const std::string& message) {
  static const std::regex with_line("bad[.]weave:[1-9][0-9]*: [^\n]+");
  static const std::regex as_a_whole(
      "bad[.]weave: (is empty|has no scenario|the text has [0-9]+ bytes)[^\n]*");
  EXPECT_TRUE(std::regex_match(message, with_line) || std::regex_match(message, as_a_whole))
      << message;
  for (const char c : message)
    EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20) << "a control byte in: " << message;
}

TEST(BadInput, ThousandsOfDamagedFilesAreReadOrRefusedWithFileAndLine) {
  Prng prng(2012);
  const int rounds = sanitizer::kAddress ? 5'000 : 20'000;
  int refused = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::string text = damaged(prng);
    const Expected<WeaveFile> file = read_weave(text, "bad.weave");
    if (!file) {
      ++refused;
      expect_one_error(file.error().message);
    } else {
      const std::string written = write_weave(*file);
      EXPECT_EQ(write_weave(parse(written)), written);
    }
    if (testing::Test::HasFailure()) FAIL() << "round " << round << ":\n" << text;
  }
  std::printf("%d of %d damaged files were refused\n", refused, rounds);
  EXPECT_GT(refused, rounds / 2);
  EXPECT_LT(refused, rounds) << "some damage is harmless, and has to be read";
}

TEST(BadInput, EveryTruncationOfEveryFileIsReadOrRefused) {
  for (const std::string& text : good_texts()) {
    const std::size_t stride = sanitizer::kAddress ? 7 : 1;
    for (std::size_t bytes = 0; bytes < text.size(); bytes += stride) {
      const Expected<WeaveFile> file =
          read_weave(std::string_view(text).substr(0, bytes), "bad.weave");
      if (!file) expect_one_error(file.error().message);
    }
    if (testing::Test::HasFailure()) FAIL() << text;
  }
}

TEST(BadInput, WhatIsTooLargeIsRefused) {
  const std::string head = "weave 1\nfunction main\n";
  std::string deep = head;
  for (int level = 0; level < 100'000; ++level) deep += "try\n";
  std::string wide = head;
  for (int op = 0; op < 100'000; ++op) wide += "sched\n";
  std::string channels = "weave 1\n";
  for (int index = 0; index < 5'000; ++index)
    channels += "channel c" + std::to_string(index) + "\n";
  std::string answers = head + "end\nschedule\n";
  for (int index = 0; index < 200'000; ++index)
    answers += "0 spill main.1 " + std::to_string(index) + " 1\n";
  const std::string texts[] = {
      deep,
      wide,
      channels,
      answers,
      head + "emit " + std::string(100'000, 'x') + "\nend\n",
      "weave 1" + std::string(5u << 20, ' '),
      std::string(5u << 20, '\n'),
      "weave 1\nsettings\n  defects " + std::string(3'000, ',') + "\nend\n",
      "weave 99999999999999999999\n",
      "weave 2\n",
      "weave 0\n",
      "weave -1\n",
      "weave\n",
      "weave 1 1\n",
  };
  for (const std::string& text : texts) {
    const Expected<WeaveFile> file = read_weave(text, "bad.weave");
    ASSERT_FALSE(file.has_value()) << text.substr(0, 200);
    expect_one_error(file.error().message);
  }
}

/// What a file that was damaged, but can be read, does when it is executed is not the tool's fault;
/// it ends with a verdict all the same. Only the limits it states itself bound it, so those stay.
TEST_F(Cli, DamagedFilesNeverCrashTheTool) {
  Prng prng(521);
  const int files = sanitizer::kAddress ? 30 : 80;
  int refused = 0;
  for (int round = 0; round < files; ++round) {
    const std::string text = damaged(prng);
    const std::string file = write("bad.weave", text);
    const bool readable = read_weave(text, "bad.weave").has_value();
    refused += readable ? 0 : 1;
    for (const Words& words :
         {Words{"replay", file}, Words{"check", file},
          Words{"shrink", file, "--output", path("out.weave"), "--executions", "50"},
          Words{"hunt", file, "--executions", "20", "--output", path("found")}}) {
      const ProcessResult result = spawn(words);
      EXPECT_EQ(result.end, ProcessResult::End::kExited) << words[0] << "\n" << text;
      if (readable) {
        // `check` refuses a file without a verdict, too.
        EXPECT_TRUE(result.code >= 0 && result.code <= 4) << result.code << result.output;
        continue;
      }
      EXPECT_EQ(result.code, 2) << words[0] << ": " << result.output << "\n" << text;
      static const std::regex error("bad[.]weave(:[0-9]+)?: ");
      const auto begin = std::sregex_iterator(result.output.begin(), result.output.end(), error);
      EXPECT_EQ(std::distance(begin, std::sregex_iterator()), 1)
          << words[0] << ": " << result.output;
    }
    if (testing::Test::HasFailure()) FAIL() << "round " << round;
  }
  std::printf("%d of %d damaged files were refused by each of 4 commands\n", refused, files);
  EXPECT_GT(refused, files / 2);
}

/// Every string of bytes is an input of a fuzz target; a raw artefact that is damaged is one, too.
TEST_F(Cli, RawInputsOfAnyKindNeverCrashTheTool) {
  Prng prng(606);
  for (int round = 0; round < 20; ++round) {
    const std::string file = write("crash-raw", noise(prng, prng.below(3000)));
    for (const char* target : {"tempval", "frames"}) {
      const ProcessResult result = spawn({"replay", file, "--target", target});
      EXPECT_EQ(result.end, ProcessResult::End::kExited);
      EXPECT_TRUE(result.code == 0 || result.code == 1) << result.code << result.output;
    }
    EXPECT_EQ(spawn({"replay", file}).code, 2);
  }
}

}  // namespace
}  // namespace reweave::repro
