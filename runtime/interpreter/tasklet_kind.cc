#include "runtime/interpreter/tasklet_kind.h"

#include "runtime/language/text.h"
#include "runtime/oracle/dangling_stack.h"

namespace reweave::runtime {
namespace {

class TaskletKind final : public SubjectKind {
 public:
  std::string_view name() const override { return "tasklets"; }
  std::string_view help() const override {
    return "scenarios of tasklets and channels, as in Stackless Python";
  }
  std::string_view noun() const override { return "scenario"; }
  std::string_view item_noun() const override { return "operation"; }

  std::span<const std::string_view> first_words() const override {
    static constexpr std::string_view kWords[] = {"channel", "slot", "word", "function"};
    return kWords;
  }
  Expected<std::unique_ptr<Subject>> read(LineReader& lines) const override {
    Expected<Scenario> scenario = read_scenario(lines);
    if (!scenario) return scenario.error();
    return std::unique_ptr<Subject>(
        std::make_unique<ScenarioSubject>(std::move(scenario).value(), Settings()));
  }

  std::span<const SettingInfo> settings() const override { return setting_rows(); }
  std::span<const SettingFlag> flags() const override { return setting_flags(); }

  std::span<const std::string_view> on_by_hand() const override {
    static constexpr std::string_view kWords[] = {"report-stuck", "report-uncaught"};
    return kWords;
  }

  std::string_view cannot_show(const SettingValues& values) const override {
    if (shows_in_this_build(settings_of(values).defects)) return {};
    return "only a build with stack windows shows what they state";
  }
};

const TaskletKind kKind;
constexpr const SubjectKind* kKinds[] = {&kKind};

}  // namespace

const SubjectKind& tasklet_kind() { return kKind; }

Kinds tasklet_kinds() { return kKinds; }

}  // namespace reweave::runtime
