#include "repro/command/command_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "repro/command/quantity.h"
#include "repro/file/workdir.h"
#include "repro/report/printable.h"
#include "repro/run/interrupts.h"
#include "scheduler/base/nearest.h"

namespace reweave::repro {
namespace {

/// Examples as they are typed for this very program, which need not be called reweave.
std::string in_own_name(std::string_view examples) {
  constexpr std::string_view kName = "reweave ";
  std::string text(examples);
  if (tool_name() + " " == kName) return text;
  for (std::size_t at = 0; (at = text.find(kName, at)) != std::string::npos;) {
    const std::string name = tool_name() + " ";
    text.replace(at, kName.size(), name);
    at += name.size();
  }
  return text;
}

/// CLI11 puts two empty lines between groups; the help is to fit a screen.
std::string without_empty_pairs(std::string text) {
  for (std::size_t at = 0; (at = text.find("\n\n\n", at)) != std::string::npos;) text.erase(at, 1);
  return text;
}

}  // namespace

CommandLine::CommandLine(std::string_view name, std::string_view summary, std::string_view examples,
                         std::string_view exit_codes)
    : name_(name),
      app_(fmt::format("{}\n\nExamples:\n{}", summary, in_own_name(examples)),
           fmt::format("{} {}", tool_name(), name)) {
  app_.footer(fmt::format("Exit codes: {}.", exit_codes));
  app_.allow_extras();  // Ours is the better word on what is unknown.
  app_.get_formatter()->column_width(30);
  app_.set_help_flag("-h,--help", "Show this and exit");
}

void CommandLine::add_output_flags(std::initializer_list<std::string_view> formats) {
  std::string words;
  for (const std::string_view word : formats) {
    formats_.emplace_back(word);
    words += (words.empty() ? "" : ", ") + std::string(word);
  }
  format_ = formats_.front();
  app_.add_option("--format", format_, words + fmt::format(" (default: {})", format_))
      ->type_name("WORD");
  app_.add_flag("-q,--quiet", quiet_, "Show no progress");
}

void CommandLine::limit_time() {
  app_.add_option_function<std::uint64_t>(
          "--seconds", [](std::uint64_t milliseconds) { Interrupts::limit_time(milliseconds); },
          "End after so long, and tell what was done so far: 90, 0.5, 15m, 2h")
      ->type_name("TIME")
      ->transform(time_span());
  std::string footer = app_.get_footer();
  footer.insert(footer.rfind('.'), ", 124 its --seconds were over");
  app_.footer(std::move(footer));
}

void CommandLine::take_subject_words(std::string_view help) {
  takes_subject_words_ = true;
  app_.footer(fmt::format("After `--`: {}.\n{}", help, app_.get_footer()));
}

Format CommandLine::format() const { return find_format(format_).value_or(Format::kText); }

bool CommandLine::parse(const Arguments& arguments) {
  auto end = arguments.end();
  if (takes_subject_words_) end = std::find(arguments.begin(), arguments.end(), "--");
  if (end != arguments.end()) subject_words_.assign(end + 1, arguments.end());
  Arguments reversed(std::make_reverse_iterator(end), arguments.rend());
  for (auto word = arguments.begin(); word != end; ++word) {
    constexpr std::string_view kFormat = "--format=";
    std::string_view wanted;
    if (word->starts_with(kFormat)) wanted = std::string_view(*word).substr(kFormat.size());
    if (*word == "--format" && word + 1 != end) wanted = *(word + 1);
    if (std::ranges::find(formats_, wanted) != formats_.end()) wanted_ = find_format(wanted);
    if (const std::string trouble = value_trouble(*word); !trouble.empty()) {
      exit_code_ = fail(trouble);
      return false;
    }
  }
  try {
    app_.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    exit_code_ = print_and_return(without_empty_pairs(app_.help()), kExitClean);
    return false;
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string what = error.what();  // "--seed: At Most 1 required but received 2"
    const bool is_twice = what.find(": At Most ") != std::string::npos;
    exit_code_ = fail(fmt::format("{} {}; see `{} {} --help`", what.substr(0, what.find(':')),
                                  is_twice ? "is there more than once" : "needs a value",
                                  tool_name(), name_));
    return false;
  } catch (const CLI::RequiredError& error) {
    exit_code_ = fail(fmt::format("{}; see `{} {} --help`", error.what(), tool_name(), name_));
    return false;
  } catch (const CLI::ParseError& error) {
    exit_code_ = fail(error.what());
    return false;
  }
  std::vector<std::string> rest = app_.remaining();
  std::erase(rest, "--");  // What follows it is no flag, which the parser knows.
  if (!rest.empty()) {
    exit_code_ = fail(flag_trouble(rest.front()));
    return false;
  }
  for (const std::string& word : formats_) {
    if (word == format_) return true;
  }
  if (formats_.empty()) return true;
  std::vector<std::string_view> known(formats_.begin(), formats_.end());
  exit_code_ = fail(fmt::format("there is no format \"{}\" here{}; there are {}", format_,
                                did_you_mean(format_, known), fmt::join(known, ", ")));
  return false;
}

std::string CommandLine::flag_trouble(const std::string& word) const {
  const std::string flag = word.substr(0, word.find('='));
  if (flag.size() < 2 || flag[0] != '-') {
    return fmt::format("\"{}\" is one argument too many; see `{} {} --help`", word, tool_name(),
                       name_);
  }
  std::vector<std::string> names;
  for (const CLI::Option* option : app_.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  return fmt::format("there is no flag {}{}; see `{} {} --help`", flag, did_you_mean(flag, known),
                     tool_name(), name_);
}

/// What is wrong with `--flag=value` or `-f=value` where the flag takes no value; else "".
std::string CommandLine::value_trouble(const std::string& word) const {
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos || word[0] != '-') return "";
  const std::string flag = word.substr(0, equals);
  const CLI::Option* const option = app_.get_option_no_throw(flag);
  if (option == nullptr || option->get_expected_max() != 0) return "";
  return fmt::format("{} takes no value, but here is \"{}\"; see `{} {} --help`", flag,
                     word.substr(equals + 1), tool_name(), name_);
}

void CommandLine::warn(std::string_view message) const {
  fmt::print(stderr, "{} {}: {}\n", tool_name(), name_, printable_lines(message));
}

void CommandLine::warn_interrupted() const {
  warn(fmt::format("interrupted by {}; this is what was done so far", Interrupts::cause()));
}

int CommandLine::fail(std::string_view message, int code) const {
  warn(message);
  if (!wanted_ || *wanted_ == Format::kText) return code;
  if (*wanted_ == Format::kJson) return print_error_object(name_, message, code);
  CheckReport report;
  report.cases.push_back({.is_error = true, .title = name_, .message = std::string(message)});
  return print_and_return(render(report, *wanted_, terminal_), code);
}

int CommandLine::fail_interrupted() const {
  return fail(fmt::format("interrupted by {}", Interrupts::cause()), Interrupts::exit_code());
}

std::string error_object(std::string_view command, std::string_view message, int code) {
  const nlohmann::ordered_json json = {{"schema", Report::kSchema},
                                       {"command", command},
                                       {"verdict", "error"},
                                       {"error", message},
                                       {"exit_code", code}};
  return json.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

int print_error_object(std::string_view command, std::string_view message, int code) {
  return print_and_return(error_object(command, message, code), code);
}

CLI::Validator whole_number(std::uint64_t low, std::uint64_t high) {
  const auto trouble = [low, high](const std::string& word) -> std::string {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    const bool whole = error == std::errc{} && end == word.data() + word.size();
    if (whole && low <= number && number <= high) return "";
    return fmt::format("\"{}\" is no number from {} to {}", word, low, high);
  };
  return CLI::Validator(trouble, "", "");
}

void add_hang_flag(CLI::App& app, std::uint64_t& hang_ms) {
  app.add_option("--hang-ms", hang_ms,
                 fmt::format("No step for so long is a hang (default: {})", hang_ms))
      ->type_name("N")
      ->check(whole_number(10, 3'600'000));
}

void append_github_summary(const CommandLine& line, std::string_view text) {
  const char* const path = std::getenv("GITHUB_STEP_SUMMARY");
  if (line.format() != Format::kGithub || path == nullptr || *path == '\0') return;
  std::ofstream file(path, std::ios::app);
  file << text;
  if (!file.flush()) line.warn(fmt::format("{}: the summary cannot be written there", path));
}

int print_and_return(std::string_view text, int code) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (written && std::fflush(stdout) == 0) return code;
  fmt::print(stderr, "{}: standard output cannot be written: {}\n", tool_name(),
             std::strerror(errno));
  return kExitOutput;
}

}  // namespace reweave::repro
