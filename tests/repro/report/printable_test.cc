#include "repro/report/printable.h"

#include <gtest/gtest.h>

namespace reweave::repro {
namespace {

TEST(Printable, LeavesTextAsItIs) {
  const std::string text = "Grüße, 世界 🎉: a\\b :: 100% `x`";
  EXPECT_EQ(printable(text), text);
  EXPECT_EQ(printable_lines("a\nb\n"), "a\nb\n");
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, EscapesWhatATerminalObeys) {
  EXPECT_EQ(printable("\x1b[2J\a\r\n\t\x7f"), "\\x1b[2J\\x07\\x0d\\x0a\\x09\\x7f");
  EXPECT_EQ(printable("\u009b2J"), "\\u009b2J");
  EXPECT_EQ(printable("\u202egnp.exe \u2066x\u200f\u2028"),
            "\\u202egnp.exe \\u2066x\\u200f\\u2028");
}

TEST(Printable, EscapesWhatIsNotSeen) {
  EXPECT_EQ(printable("a\u200bb\u2060\u00ad"), "a\\u200bb\\u2060\\u00ad");
  EXPECT_EQ(printable("a\U000e0061"), "a\\ue0061");
}

TEST(Printable, EscapesWhatIsNoText) {
  EXPECT_EQ(printable("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(printable("\xe2\x82"), "\\xe2\\x82");           // Cut off.
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");           // There is a shorter form.
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // Half of a pair.
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(printable("\xef\xbf\xbe"), "\\ufffe");
}

TEST(Printable, EscapesWhatARunnerObeys) {
  EXPECT_EQ(printable("::error::x"), "\\x3a:error::x");
  EXPECT_EQ(printable("  ::error::x"), "  \\x3a:error::x");
  EXPECT_EQ(printable("a ::error::x"), "a ::error::x");
  EXPECT_EQ(printable("a ##[error]x"), "a \\x23#[error]x");
  EXPECT_EQ(printable_lines("a\n::x"), "a\n\\x3a:x");
}

}  // namespace
}  // namespace reweave::repro
