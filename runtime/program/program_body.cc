#include "runtime/program/program_body.h"

#include <utility>

#include "runtime/program/control.h"
#include "runtime/program/sites.h"
#include "runtime/program/start.h"

namespace reweave::program {

void BodySubject::run(Execution& execution) { control().run(execution, body_, argument_); }

std::string BodySubject::site_name(SiteId site) const {
  return sites().name(static_cast<std::uint32_t>(site));
}

std::optional<SiteId> BodySubject::find_site(std::string_view name) const {
  const std::optional<std::uint32_t> site = sites().find(name);
  return site ? std::optional(SiteId{*site}) : std::nullopt;
}

std::string BodySubject::describe(const Event&) const { return ""; }

RunningProgram::RunningProgram(std::vector<std::string> words)
    : ProgramSubject(std::move(words)), body_(&run_main, nullptr) {}

std::vector<std::string> RunningProgram::escapes() const { return control().escapes(); }

std::unique_ptr<Subject> make_running_program(std::vector<std::string> words) {
  return std::make_unique<RunningProgram>(std::move(words));
}

}  // namespace reweave::program
