#include "repro/program/explored_body.h"

#include <dirent.h>

#include <cctype>
#include <cstring>
#include <utility>

#include "repro/program/program_kind.h"
#include "runtime/program/control.h"

namespace reweave::repro {
namespace {

constexpr std::string_view kFirstWords[] = {"name", "data"};
constexpr std::size_t kLineBytes = 32;
constexpr char kDigits[] = "0123456789abcdef";

/// -1: it is no hexadecimal digit.
int digit_of(char c) {
  const char* const found = c == '\0' ? nullptr : std::strchr(kDigits, c);
  return found == nullptr ? -1 : static_cast<int>(found - kDigits);
}

bool append_bytes(std::string_view word, std::string& data) {
  if (word.size() % 2 != 0) return false;
  for (std::size_t i = 0; i < word.size(); i += 2) {
    const int high = digit_of(word[i]), low = digit_of(word[i + 1]);
    if (high < 0 || low < 0) return false;
    data += static_cast<char>(high << 4 | low);
  }
  return true;
}

}  // namespace

void NamedBody::run(Execution& execution) {
  program::control().look_for_races(races_);
  program::control().wake_spuriously(spurious_);
  BodySubject::run(execution);
}

void NamedBody::configure(const SettingValues& settings) {
  races_ = settings.on("races");
  spurious_ = settings.on("spurious");
}

std::string NamedBody::text() const {
  std::string text = "name " + name_ + "\n";
  for (std::size_t at = 0; at < data_.size(); at += kLineBytes) {
    text += "data ";
    for (const char c : std::string_view(data_).substr(at, kLineBytes)) {
      const auto byte = static_cast<unsigned char>(c);
      text += {kDigits[byte >> 4], kDigits[byte & 15]};
    }
    text += "\n";
  }
  return text;
}

std::span<const std::string_view> BodyKind::first_words() const { return kFirstWords; }
std::span<const SettingInfo> BodyKind::settings() const { return program_settings(); }

Expected<std::unique_ptr<Subject>> BodyKind::read(LineReader& lines) const {
  std::string name, data;
  while (next_of_subject(lines)) {
    const std::vector<std::string_view>& words = lines.words();
    if (words.size() == 2 && words[0] == "data") {
      if (!append_bytes(words[1], data))
        return lines.error("data are bytes, each of two hexadecimal digits");
      if (data.size() > kDataBytesMax)
        return lines.error("there are more data than " + std::to_string(kDataBytesMax) + " bytes");
    } else if (words.size() == 2 && words[0] == "name") {
      name = std::string(words[1]);
    } else {
      return lines.error("a body is a line \"name TEST\", and what it is given: \"data HEX\"");
    }
  }
  std::unique_ptr<NamedBody> body = make(name);
  body->set_data(std::move(data));
  return std::unique_ptr<Subject>(std::move(body));
}

std::unique_ptr<NamedBody> BodyKind::make(const std::string& name) const {
  return std::make_unique<NamedBody>(name, body_, argument_);
}

std::string plain_name(std::string_view name) {
  std::string word(name.substr(0, 100));
  for (char& c : word) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && std::strchr("._-", c) == nullptr)
      c = '-';
  }
  return word.empty() ? "body" : word;
}

std::size_t thread_count() {
  std::size_t count = 0;
  DIR* const folder = opendir("/proc/self/task");
  if (folder == nullptr) return 1;
  while (const dirent* const entry = readdir(folder)) count += entry->d_name[0] != '.';
  closedir(folder);
  return count;
}

}  // namespace reweave::repro
