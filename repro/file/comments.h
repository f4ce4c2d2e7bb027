// Comments of a .weave that is written anew: what somebody wrote stays beside the lines that stay.
#pragma once

#include <string>
#include <string_view>

namespace reweave::repro {

/// `text`, a .weave without comments, with those of `old`, another one, of which it is what is
/// left. A comment at the end of a line, and those on the lines before it, go with that line, and
/// with it they vanish; the ones at the beginning and at the end of the file always stay. Lines are
/// the same if their words are; where many are, the longest series of equal lines decides. Between
/// two such lines those of a verdict are the same if say_the_same_of() says so. Pure; time and
/// memory grow with the product of both counts of lines: beyond kCommentedLinesMax lines of either
/// only the beginning's and the end's comments stay.
std::string with_comments_of(std::string_view old, std::string_view text);

/// What a line holds behind its words: the blanks and the comment; "": it has no comment.
std::string_view comment_behind(std::string_view line);

/// Whether these are lines of verdicts about the same, each with its own words on it: both begin
/// with `finding`, `result` or `trace`. What is remarked on one ("finding … # JIRA-3") is true of
/// the other.
bool say_the_same_of(std::string_view line, std::string_view other);

inline constexpr std::size_t kCommentedLinesMax = 4000;

}  // namespace reweave::repro
