#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <string_view>

#include "repro/export/export.h"
#include "repro/export/text_forms.h"
#include "repro/program/program_file.h"
#include "repro/program/program_kind.h"
#include "repro/program/start_program.h"
#include "repro/run/process.h"

namespace reweave::repro {
namespace {

/// The repro as reweave::check() reads it: of a body with a name, not of a program with words.
std::string as_body(const WeaveFile& file, std::string_view name) {
  const std::string text = write_weave(file);
  std::string body;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin) + 1;
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    if (line == "subject program\n") {
      body += "subject body\n";
    } else if (line.starts_with("command ")) {
      body += fmt::format("name {}\n", name);
    } else {
      body += line;
    }
    begin = end;
  }
  return body;
}

constexpr std::string_view kHead =
    R"(// Made by `reweave export`: a test that repeats what was found in
//   {command}
// {signature}
//
// To build it with the program's own files{flags_said}, and to run it:
{build} -Wl,--wrap=main -o {name} && ./{name}
//
// Exit code 0: it passes. First the schedule of the repro is followed; unless it shows a finding,
// other schedules are searched, for the program may have been changed, or compiled in another way.
#include <unistd.h>

#include <cstdio>
#include <reweave/check.h>

)";

constexpr std::string_view kTail = R"(
extern "C" int __real_main(int argc, char** argv, char** environment);

static void program() {{
  const char* words[] = {{{words}nullptr}};
  const int code = __real_main({count}, const_cast<char**>(words), environ);
  reweave::main_returned(code, __real_main);
}}

extern "C" int __wrap_main() {{
  reweave::CheckResult result =
      reweave::check([] {{ program(); }}, {{.name = "{name}", .schedule = kRepro}});
  if (result.signature.empty()) {{
    std::fprintf(stderr, "%s", result.report.c_str());  // Why it could not be followed, if so.
    result = reweave::check([] {{ program(); }}, {{.name = "{name}"}});
  }}
  std::fprintf(stderr, "%s", result ? "passed\n" : result.report.c_str());
  return result ? 0 : 1;
}}
)";

struct Build {
  std::string command;    // Up to what is linked, `source` included.
  std::string_view said;  // What is said of its flags.
};

std::string without_standard(std::string flags) {
  const std::size_t begin = flags.find("-std=");
  if (begin == std::string::npos) return flags;
  const std::size_t end = flags.find(' ', begin);
  flags.erase(begin, end == std::string::npos ? end : end + 1 - begin);
  return flags;
}

/// With other flags than the program's its schedule does not fit.
Build build_of(const std::string& program, const std::string& source) {
  constexpr std::string_view kSaid = " and the flags with which\n// they were compiled then";
  const std::optional<CompileFlags> flags = compile_flags(find_program_file(program));
  if (!flags) {
    return {.command = fmt::format("//   reweave-c++ FLAGS -g PROGRAM.cc {}", source),
            .said = ", FLAGS being those with which they were\n// compiled then (-O above all)"};
  }
  if (flags->of_c) {
    return {.command = fmt::format("//   reweave-cc {} -g -c PROGRAM.c\n"
                                   "//   reweave-c++ -std=c++20 {} -g PROGRAM.o {}",
                                   flags->words, without_standard(flags->words), source),
            .said = kSaid};
  }
  const bool has_standard = flags->words.find("-std=") != std::string::npos;
  return {.command = fmt::format("//   reweave-c++ {}{} -g PROGRAM.cc {}",
                                 has_standard ? "" : "-std=c++20 ", flags->words, source),
          .said = kSaid};
}

}  // namespace

Expected<std::string> export_cpp(const WeaveFile& file, const std::string& source) {
  if (file.kind().name() != program_kind().name())
    return Error{"it is about no program; of a scenario: --to gtest"};
  if (!file.verdict || file.verdict->clean()) return Error{"it states no finding to repeat"};
  const std::string name = plain_identifier(std::filesystem::path(source).stem().string());
  const std::string repro = as_body(file, name);
  const std::vector<std::string> arguments = file.subject().arguments();
  const Build build = build_of(arguments.front(), shell_word(source));
  std::string words;
  for (const std::string& word : arguments) words += string_literal(word) + ", ";
  std::string command = file.subject().text();
  command = command.substr(command.find(' ') + 1, command.size() - command.find(' ') - 2);
  return fmt::format(kHead, fmt::arg("command", command), fmt::arg("name", name),
                     fmt::arg("build", build.command), fmt::arg("flags_said", build.said),
                     fmt::arg("signature", file.verdict->findings.front().signature)) +
         "static constexpr const char* kRepro = " + raw_literal(repro) + ";\n" +
         fmt::format(kTail, fmt::arg("words", words), fmt::arg("name", name),
                     fmt::arg("count", arguments.size()));
}

}  // namespace reweave::repro
