#include "scheduler/setting.h"

#include <algorithm>

#include "scheduler/base/internal_check.h"
#include "scheduler/base/line_reader.h"
#include "scheduler/base/nearest.h"

namespace reweave {
namespace {

enum Written : bool { kAlways = false, kIfChanged = true };

constexpr SettingInfo kLimitRows[] = {
#define LIMIT(cpp_type, field, name, start, least, most, written, text) \
  {.word = name,                                                        \
   .type = SettingType::kNumber,                                        \
   .initial = start,                                                    \
   .low = least,                                                        \
   .high = most,                                                        \
   .only_if_changed = written == kIfChanged,                            \
   .help = text},
#include "scheduler/limits.def"
#undef LIMIT
};

std::vector<std::string_view> split(std::string_view words) {
  std::vector<std::string_view> parts;
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    parts.push_back(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return parts;
}

Expected<std::string> canonical_of(const SettingInfo& info, std::string_view value) {
  if (info.canonical == nullptr) return std::string(value);
  return info.canonical(value);
}

/// The number that a value stands for; false if it stands for none.
bool parse_value(const SettingInfo& info, std::string_view value, std::int64_t& number) {
  if (info.type == SettingType::kNumber) return parse_number(value, info.low, info.high, number);
  const std::vector<std::string_view> words =
      split(info.type == SettingType::kOnOff ? "off on" : info.choices);
  const auto found = std::find(words.begin(), words.end(), value);
  number = found - words.begin();
  return found != words.end();
}

}  // namespace

std::string environment_name(std::string_view word) {
  std::string name = "REWEAVE_";
  for (const char c : word) {
    const bool lower = 'a' <= c && c <= 'z';
    name += lower ? static_cast<char>(c - 'a' + 'A') : c == '-' ? '_' : c;
  }
  return name;
}

std::string values_text(const SettingInfo& info) {
  switch (info.type) {
    case SettingType::kOnOff:
      return "on or off";
    case SettingType::kNumber:
      return "a number from " + std::to_string(info.low) + " to " + std::to_string(info.high);
    case SettingType::kChoice: {
      std::string text;
      const std::vector<std::string_view> words = split(info.choices);
      for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
        text += words[i];
      }
      return text;
    }
    case SettingType::kText:
      return "one word";
  }
  return "";
}

SettingValues::SettingValues(std::span<const SettingInfo> rows) {
  const auto add = [this](const SettingInfo& info) {
    Value value{.number = info.initial};
    if (info.type == SettingType::kText) value.text = canonical_of(info, "").value();
    rows_.push_back(&info);
    values_.push_back(std::move(value));
  };
  for (const SettingInfo& info : rows) add(info);
  for (const SettingInfo& info : kLimitRows) {
    if (find(info.word) == nullptr) add(info);
  }
}

const SettingInfo* SettingValues::find(std::string_view word) const {
  for (const SettingInfo* const info : rows_) {
    if (info->word == word) return info;
  }
  return nullptr;
}

std::size_t SettingValues::index_of(std::string_view word) const {
  std::size_t index = 0;
  while (index < rows_.size() && rows_[index]->word != word) ++index;
  CHECK_MSG(index < rows_.size(), "there is no setting of this name");
  return index;
}

Error SettingValues::unknown(std::string_view word) const {
  std::vector<std::string_view> known;
  std::string list;
  for (const SettingInfo* const info : rows_) {
    known.push_back(info->word);
    (list += ' ') += info->word;
  }
  return Error{"there is no setting `" + std::string(word.substr(0, 40)) + "`" +
               did_you_mean(word, known) + "; settings are" + list};
}

Status SettingValues::set(std::string_view word, std::string_view value) {
  const std::size_t index = index_of(word);
  const SettingInfo& info = *rows_[index];
  if (info.type == SettingType::kText) {
    Expected<std::string> text = canonical_of(info, value);
    if (!text) return text.error();
    values_[index].text = std::move(text).value();
    return ok();
  }
  std::int64_t number = 0;
  if (!parse_value(info, value, number)) return Error{"say " + values_text(info)};
  values_[index].number = number;
  return ok();
}

void SettingValues::assign(std::string_view word, std::int64_t number) {
  const std::size_t index = index_of(word);
  const SettingInfo& info = *rows_[index];
  CHECK(info.type != SettingType::kText);
  if (info.type == SettingType::kNumber) {
    CHECK(number >= info.low);
    CHECK(number <= info.high);
  }
  values_[index].number = number;
}

void SettingValues::assign(std::string_view word, std::string_view text) {
  const Status status = set(word, text);
  CHECK_MSG(status.has_value(), "a value that the row does not take");
}

std::int64_t SettingValues::number(std::string_view word) const {
  const std::size_t index = index_of(word);
  CHECK(rows_[index]->type != SettingType::kText);
  return values_[index].number;
}

std::string SettingValues::text(std::size_t index) const {
  const SettingInfo& info = *rows_[index];
  const std::int64_t number = values_[index].number;
  switch (info.type) {
    case SettingType::kOnOff:
      return number != 0 ? "on" : "off";
    case SettingType::kNumber:
      return std::to_string(number);
    case SettingType::kChoice:
      return std::string(split(info.choices).at(static_cast<std::size_t>(number)));
    case SettingType::kText:
      return values_[index].text;
  }
  return "";
}

Limits SettingValues::limits() const {
  Limits limits;
#define LIMIT(type, field, word, initial, low, high, written, help) \
  limits.field = static_cast<type>(number(word));
#include "scheduler/limits.def"
#undef LIMIT
  return limits;
}

void SettingValues::set_limits(const Limits& limits) {
#define LIMIT(type, field, word, initial, low, high, written, help) \
  assign(word, static_cast<std::int64_t>(limits.field));
#include "scheduler/limits.def"
#undef LIMIT
}

std::string SettingValues::lines(std::string_view indent) const {
  std::string text_of_all;
  for (std::size_t index = 0; index < rows_.size(); ++index) {
    const SettingInfo& info = *rows_[index];
    if (info.only_if_changed && values_[index].number == info.initial) continue;
    ((text_of_all += indent) += info.word) += ' ';
    (text_of_all += text(index)) += '\n';
  }
  return text_of_all;
}

}  // namespace reweave
