#include "repro/file/comments.h"

#include <gtest/gtest.h>

#include <string>

namespace reweave::repro {
namespace {

TEST(Comments, GoWithTheLinesThatStay) {
  EXPECT_EQ(with_comments_of("# what it is\n"
                             "weave 1   # the version\n"
                             "# of a\n"
                             "channel a\n"
                             "# of b\n"
                             "channel  b # second\n"
                             "function main\n"
                             "  # sends\n"
                             "  send a # here\n"
                             "  send b # and there\n"
                             "end\n"
                             "# the end\n",
                             "weave 1\n\nchannel b\n\nfunction main\n  send b\nend\n"),
            "# what it is\n"
            "weave 1   # the version\n"
            "\n"
            "# of b\n"
            "channel b # second\n"
            "\n"
            "function main\n"
            "  send b # and there\n"
            "end\n"
            "# the end\n");
}

TEST(Comments, OfTheBeginningStayThoughItsLineIsAnother) {
  EXPECT_EQ(with_comments_of("# why\nweave 1\n", "weave 2\n"), "# why\nweave 2\n");
}

TEST(Comments, AreNoneWhereANumberSignIsInsideOfAWord) {
  EXPECT_EQ(with_comments_of("run main+1#5 0\n", "run main+1#5 0\n"), "run main+1#5 0\n");
}

TEST(Comments, OfEqualLinesStayInTheirOrder) {
  EXPECT_EQ(with_comments_of("f\n  x # 1\n  y\n  x # 2\ng\n", "f\n  y\n  x\ng\n"),
            "f\n  y\n  x # 2\ng\n");
}

TEST(Comments, OfAVerdictStayWhereItSaysSomethingElseNow) {
  EXPECT_EQ(with_comments_of("verdict\n"
                             "  # seen twice\n"
                             "  finding hang step 3 a # JIRA-3\n"
                             "  result a # gone\n"
                             "  result b # stays\n"
                             "  trace 1 # JIRA-4\n"
                             "end\n",
                             "verdict\n  finding hang step 4 a\n  result b\n  result c\n"
                             "  trace 2\nend\n"),
            "verdict\n  # seen twice\n  finding hang step 4 a # JIRA-3\n  result b # stays\n"
            "  result c\n  trace 2 # JIRA-4\nend\n");
  EXPECT_EQ(with_comments_of("run a # one\ntrace 1\n", "run b\ntrace 1\n"), "run b\ntrace 1\n");
}

TEST(Comments, ATextWithoutAnyStaysAsItIs) {
  EXPECT_EQ(with_comments_of("a\nb\n", "a\n\n b"), "a\n\n b\n");
  EXPECT_EQ(with_comments_of("", "a\n"), "a\n");
  EXPECT_EQ(with_comments_of("# only this\n", ""), "");
}

TEST(Comments, OfVeryLongFilesAreThoseAtTheirEnds) {
  std::string old = "# first\n", text;
  for (std::size_t i = 0; i <= kCommentedLinesMax; ++i) {
    old += "x # each\n";
    text += "x\n";
  }
  EXPECT_EQ(with_comments_of(old + "# last\n", text), "# first\n" + text + "# last\n");
}

}  // namespace
}  // namespace reweave::repro
