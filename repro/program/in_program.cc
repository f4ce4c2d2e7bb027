// What runs in a program under control in place of its main: the command line of the tool, which
// knows one kind of subject there, this program.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "repro/command/run_command.h"
#include "repro/file/workdir.h"
#include "repro/program/program_file.h"
#include "repro/program/program_kind.h"
#include "repro/program/program_timeline.h"
#include "runtime/program/control.h"
#include "runtime/program/names.h"
#include "runtime/program/program_body.h"
#include "runtime/program/start.h"

namespace {

using namespace reweave;  // NOLINT: of this file alone.

/// The program of this process, whose main is the body.
class RunningProgram final : public repro::ProgramSubject {
 public:
  explicit RunningProgram(std::vector<std::string> words)
      : ProgramSubject(std::move(words)), body_(&program::run_main, nullptr) {}

  void configure(const SettingValues& settings) override {
    races_ = settings.on("races");
    spurious_ = settings.on("spurious");
  }
  void run(Execution& execution) override {
    program::control().look_for_races(races_);
    program::control().wake_spuriously(spurious_);
    body_.run(execution);
  }
  std::string site_name(SiteId site) const override { return body_.site_name(site); }
  std::optional<SiteId> find_site(std::string_view name) const override {
    return body_.find_site(name);
  }
  std::string describe(const Event& event) const override { return body_.describe(event); }
  std::vector<std::string> escapes() const override { return body_.escapes(); }
  std::vector<std::string> places_of_stop() const override {
    return program::control().places_of_stop();
  }
  std::string place_of(std::string_view site_name) const override {
    const std::optional<SiteId> site = find_site(site_name);
    if (!site) return "";
    return program::place_words(program::sites().address_of(static_cast<std::uint32_t>(*site)));
  }
  std::string why_alone() const override {
    return program::control().saw_second_thread() ? "" : "the program started no second thread";
  }
  std::vector<std::string> remarks() const override {
    std::vector<std::string> remarks;
    if (const std::string why = why_alone(); !why.empty())
      remarks.push_back(why + ", so that it is no matter of interleaving");
    if (!repro::has_debug_information("/proc/self/exe"))
      remarks.push_back("places have no lines: compile the program with -g");
    return remarks;
  }
  std::string timeline() const override { return repro::program_timeline(); }

 private:
  program::BodySubject body_;
  bool races_ = false, spurious_ = false;
};

std::unique_ptr<Subject> make_running_program(std::vector<std::string> words) {
  return std::make_unique<RunningProgram>(std::move(words));
}

int run_here(const std::vector<std::string>& words) {
  static const repro::ProgramKind kind(&make_running_program);
  static constexpr const SubjectKind* kKinds[] = {&kind};
  std::vector<std::string> all = words;
  all.insert(all.begin(), program::tool_path());
  if (const auto& input = program::handed_input()) repro::set_standard_input(*input);
  std::vector<char*> argv;
  for (std::string& word : all) argv.push_back(word.data());
  argv.push_back(nullptr);
  return repro::run_command(static_cast<int>(all.size()), argv.data(), kKinds);
}

[[gnu::constructor]] void use_this() { program::set_command_line(&run_here); }

}  // namespace
