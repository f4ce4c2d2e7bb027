#include "scheduler/base/line_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reweave {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(LineReader, SplitsWordsAndSkipsCommentsAndBlankLines) {
  LineReader reader("# head\n\n  a\tb  # not c\r\n\n d#e\n#\n", "f");
  ASSERT_TRUE(reader.status());
  ASSERT_TRUE(reader.next());
  EXPECT_THAT(reader.words(), ElementsAre("a", "b"));
  EXPECT_EQ(reader.line(), 3);
  ASSERT_TRUE(reader.next());
  EXPECT_THAT(reader.words(), ElementsAre("d#e"));
  EXPECT_EQ(reader.line(), 5);
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.next());
}

TEST(LineReader, FindsALinePutBackAgain) {
  LineReader reader("a\n# x\nb", "f");
  ASSERT_TRUE(reader.next());
  ASSERT_TRUE(reader.next());
  reader.unread();
  ASSERT_TRUE(reader.next());
  EXPECT_THAT(reader.words(), ElementsAre("b"));
  EXPECT_EQ(reader.line(), 3);
  EXPECT_EQ(reader.error("no").message, "f:3: no");
}

TEST(LineReader, RefusesWhatIsNoText) {
  const auto message = [](std::string_view text) {
    LineReader reader(text, "f");
    EXPECT_FALSE(reader.status());
    EXPECT_FALSE(reader.next());
    return reader.status().error().message;
  };
  using std::string_view_literals::operator""sv;
  EXPECT_THAT(message("a\nb\0c"sv), HasSubstr("f:2: found the control byte 0"));
  EXPECT_THAT(message("\x7f"), HasSubstr("f:1: found the control byte 127"));
  EXPECT_THAT(message("a\rb"), HasSubstr("control byte 13"));
  EXPECT_THAT(message(std::string(LineReader::kLineBytesMax + 1, 'x')),
              HasSubstr("f:1: the line is longer"));
  EXPECT_THAT(message(std::string(LineReader::kBytesMax + 1, '\n')), HasSubstr("bytes"));
  EXPECT_THAT(message(std::string(LineReader::kLinesMax, '\n')), HasSubstr("lines"));
  EXPECT_TRUE(LineReader(std::string(LineReader::kLineBytesMax, 'x'), "f").status());
}

TEST(ParseNumber, TakesWholeDecimalNumbersInRange) {
  std::int64_t number = 0;
  EXPECT_TRUE(parse_number("0", 0, 9, number));
  EXPECT_EQ(number, 0);
  EXPECT_TRUE(parse_number("-12", -20, 9, number));
  EXPECT_EQ(number, -12);
  EXPECT_TRUE(parse_number("9223372036854775807", 0, INT64_MAX, number));
  EXPECT_EQ(number, INT64_MAX);
  number = 77;
  for (const char* word : {"", "-", "-0", "00", "01", "+1", "1x", " 1", "1 ", "10", "-1", "0x1",
                           "9223372036854775808", "99999999999999999999999"}) {
    EXPECT_FALSE(parse_number(word, 0, 9, number)) << word;
  }
  EXPECT_EQ(number, 77);
}

}  // namespace
}  // namespace reweave
