// "did you mean …?": the nearest of a list of known words, for every error about an unknown one.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reweave {

/// The known word with the smallest edit distance to `word`, if it is near enough to be meant; else
/// empty. The first of several equally near ones.
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> known);

/// " (did you mean "send"?)", or "" if nothing is near; to be appended to a message.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace reweave
