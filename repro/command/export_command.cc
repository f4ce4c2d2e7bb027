// `reweave export`: a repro as a script, a test or a picture.

#include <fmt/format.h>

#include <filesystem>

#include "repro/command/input.h"
#include "repro/explain/render_explanation.h"
#include "repro/export/export.h"
#include "repro/export/text_forms.h"
#include "repro/file/workdir.h"
#include "repro/run/interrupts.h"
#include "scheduler/base/nearest.h"

namespace reweave::repro {
namespace {

constexpr std::string_view kForms[] = {"python", "greenlet", "c++", "gtest", "dot", "mermaid"};

struct ExportFlags {
  InputFlags input;
  SettingsFlags settings;
  std::string to;
  std::string output;
  std::uint64_t hang_ms = 10'000;
};

/// What somebody may call the text that is written to standard output: not as the program's own
/// source, after which a repro is called, too. "slot_test.cc" of "found/slot.weave".
std::string source_of(const std::string& input) {
  if (is_standard_input(input)) return "repro_test.cc";
  const std::string stem = plain_identifier(std::filesystem::path(input).stem().string());
  return stem + (stem.ends_with("_test") ? ".cc" : "_test.cc");
}

Expected<std::string> exported(const WeaveFile& file, const ExportFlags& flags, Runner& runner) {
  if (flags.to == "python") return export_python(file, PythonOf::kStackless);
  if (flags.to == "greenlet") return export_python(file, PythonOf::kGreenlet);
  if (flags.to == "gtest") {
    if (!file.verdict)
      return Error{"it states no verdict; `reweave check FILE --update` writes the present one"};
    return export_gtest(file, std::filesystem::path(flags.input.file).stem().string());
  }
  if (flags.to == "c++") {
    return export_cpp(file, flags.output.empty() ? source_of(flags.input.file) : flags.output);
  }
  Expected<Explanation> told = explain(file, runner, {.executions_max = 0});
  if (!told) return told.error();
  if (told->findings.empty()) return Error{"nothing was found in it, so there is nothing to draw"};
  return flags.to == "dot" ? export_dot(*told) : mermaid_text(*told);
}

int export_file(const CommandLine& line, const ExportFlags& flags, const Arguments& arguments,
                Kinds kinds) {
  if (std::find(std::begin(kForms), std::end(kForms), flags.to) == std::end(kForms)) {
    const std::vector<std::string_view> known(std::begin(kForms), std::end(kForms));
    return line.fail(
        fmt::format("--to {}: there is no such form{}; say python, greenlet, c++, gtest, dot "
                    "or mermaid",
                    flags.to, did_you_mean(flags.to, known)));
  }
  Runner runner({.hang_ms = flags.hang_ms});
  const Expected<WeaveFile> file = load_input(flags.input, flags.settings, runner, kinds);
  if (!file) return line.fail(file.error());
  if (flags.to != "c++") {  // Which asks the program nothing.
    if (const std::optional<int> code = run_elsewhere(*file, "export", arguments)) return *code;
  }
  const Interrupts interrupts;
  runner.isolator().set_keep_going(Interrupts::keep_going());
  const Expected<std::string> text = exported(*file, flags, runner);
  if (Interrupts::pending()) return line.fail_interrupted();
  if (!text) return line.fail(fmt::format("{}: {}", flags.input.file, text.error().message));
  if (flags.output.empty()) return print_and_return(*text, kExitClean);
  if (const Status written = write_file(flags.output, *text); !written)
    return line.fail(written.error(), kExitOutput);
  return kExitClean;
}

}  // namespace

int run_export(const Arguments& arguments, Kinds kinds) {
  CommandLine line("export", "Write a repro in another form.",
                   "  reweave export found.weave --to python -o found.py   # for Stackless Python\n"
                   "  reweave export found.weave --to c++ -o found_test.cc     # of a program\n"
                   "  reweave export found.weave --to gtest -o found_test.cc   # of a scenario\n"
                   "  reweave export found.weave --to mermaid\n",
                   "0 written, 2 bad flag or file, or it has no such form, 74 cannot be written");
  ExportFlags flags;
  flags.input.add(line.app(), "A repro, or a file with a subject", kinds);
  line.app()
      .add_option("--to", flags.to,
                  "python: a script for Stackless Python; greenlet: for greenlet; c++, gtest: a "
                  "test in C++, of a program or of "
                  "a scenario; dot, mermaid: pictures")
      ->type_name("FORM")
      ->required();
  line.app()
      .add_option("-o,--output", flags.output, "The file to write (default: standard output)")
      ->type_name("FILE");
  add_hang_flag(line.app(), flags.hang_ms);
  flags.settings.add(line.app(), kinds);
  line.limit_time();
  if (!line.parse(arguments)) return line.exit_code();
  return export_file(line, flags, arguments, kinds);
}

}  // namespace reweave::repro
