#include "repro/judge/conformance.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>

#include "runtime/interpreter/scenario_subject.h"
#include "runtime/specification/specification.h"
#include "scheduler/strategy/ordinary.h"

namespace reweave::repro {
namespace {

using Json = nlohmann::json;
using runtime::Op;
using runtime::OpCode;
using runtime::OpInfo;
using runtime::OpShape;
using runtime::Scenario;

/// Thrown and caught within this file: recordings are nested, and every level may be wrong.
struct Misread {
  std::string message;
};

std::int32_t argument(const Json& value, char letter, ConformanceCase& read) {
  if (letter == 'e') {
    const std::string name = value.get<std::string>();
    for (int type = 0; type < runtime::kNameableExceptions; ++type) {
      if (name == runtime::exception_name(static_cast<runtime::ExceptionType>(type))) return type;
    }
    throw Misread{"there is no exception \"" + name + "\""};
  }
  if (letter == 'w') {
    const std::string word = value.is_string() ? value.get<std::string>() : value.dump();
    auto& words = read.words;
    const auto found = std::find(words.begin(), words.end(), word);
    if (found != words.end()) return static_cast<std::int32_t>(found - words.begin());
    words.push_back(word);
    read.scenario.words.push_back("w" + std::to_string(words.size() - 1));
    return static_cast<std::int32_t>(words.size() - 1);
  }
  if (letter == 'p' && value.is_number()) return std::clamp(value.get<std::int32_t>(), -1, 1);
  if (letter == 'b' && value.is_number()) return value.get<std::int32_t>() != 0 ? 1 : 0;
  if (letter == 'r') {
    const auto flag = [&value](const char* name) { return value.value(name, 0) != 0; };
    return (flag("soft") ? 1 : 0) | (flag("total") ? 2 : 0) | (flag("ignore_nesting") ? 4 : 0);
  }
  if (value.is_null()) return -1;
  return value.get<std::int32_t>();
}

void add_ops(const Json& list, ConformanceCase& read, std::vector<Op>& ops) {
  for (const Json& item : list) {
    const std::string word = item.at(0).get<std::string>();
    const auto code = runtime::find_op(word);
    if (!code) throw Misread{"there is no operation \"" + word + "\""};
    const OpInfo& info = runtime::op_info(*code);
    Op op;
    op.code = *code;
    std::size_t next = 1;
    for (std::size_t i = 0; info.arguments[i] != '\0'; ++i) {
      op.args[i] = argument(item.at(next++), info.arguments[i], read);
    }
    ops.push_back(op);
    if (info.shape == OpShape::kPlain) continue;
    add_ops(item.at(next), read, ops);
    if (info.shape == OpShape::kBlockThen) {
      ops.push_back(Op{.code = OpCode::kThen});
      add_ops(item.at(next + 1), read, ops);
    }
    ops.push_back(Op{.code = OpCode::kEnd});
  }
}

Observation expectation(const Json& mode) {
  Observation observation;
  auto& lines = observation.lines;
  for (const Json& event : mode.at("trace")) lines.push_back(event.dump());
  lines.push_back(Json::array({"out", mode.at("out")}).dump());
  lines.push_back(Json::array({"bal", mode.at("bal")}).dump());
  lines.push_back(Json::array({"left", mode.at("left")}).dump());
  lines.push_back(Json::array({"runcount", mode.at("runcount")}).dump());
  return observation;
}

std::string token_text(char prefix, std::int32_t number) { return prefix + std::to_string(number); }

/// Events in the words of the recording. A list arrives as a head and one event for each of its
/// items.
class Renderer {
 public:
  /// `number_of` tells the number of the tasklet that is an actor.
  Renderer(const std::vector<std::string>& words,
           const std::function<std::int32_t(ActorId)>& number_of)
      : words_(words), number_of_(number_of) {}

  void add(const Event& event, std::vector<std::string>& lines) {
    const auto kind = static_cast<runtime::EventKind>(event.kind);
    if (kind == runtime::EventKind::kSpill || kind == runtime::EventKind::kUnspill ||
        kind == runtime::EventKind::kPreempted) {
      return;
    }
    if (kind == runtime::EventKind::kListItem) {
      list_.push_back(event.args[0]);
      if (--items_missing_ == 0) finish_list(lines);
      return;
    }
    const runtime::EventInfo& info = runtime::event_info(kind);
    Json line = Json::array({number_of_(event.actor), info.word});
    std::size_t next = 0;
    bool list = false;
    for (const char* letter = info.arguments; *letter != '\0'; ++letter) {
      const std::int32_t arg = event.args[next++];
      switch (*letter) {
        case 'v':
          line.push_back(arg == 0 ? Json() : Json(token_text('v', arg)));
          break;
        case 'y':
          line.push_back(token_text('x', arg));
          break;
        case 'e':
          line.push_back(runtime::exception_name(static_cast<runtime::ExceptionType>(arg)));
          break;
        case 'x':
          line.push_back(runtime::exception_text(static_cast<runtime::ExceptionType>(arg & 0xff),
                                                 static_cast<runtime::ErrorCode>(arg >> 8),
                                                 static_cast<std::uint32_t>(event.args[next++])));
          break;
        case 'o':
          line.push_back(runtime::object_kind_name(static_cast<runtime::ObjectKind>(arg)));
          line.push_back(event.args[next++]);
          break;
        case 'w':
          line.push_back(words_[static_cast<std::size_t>(arg)]);
          break;
        case 't':
        case 'C':
          line.push_back(arg < 0 ? Json() : Json(arg));
          break;
        case 'f':
          line.push_back(runtime::flags_text(static_cast<std::uint32_t>(arg)));
          break;
        case 'V': {
          Json values = Json::array();
          const std::int32_t count = event.args[next++];
          for (std::int32_t i = 0; i < count; ++i) values.push_back(token_text('v', arg + i));
          line.push_back(std::move(values));
          ++letter;  // The count is part of it.
          break;
        }
        case 'L':
          list = true;
          items_missing_ = arg;
          break;
        default:
          line.push_back(arg);
          break;
      }
    }
    if (!list) {
      lines.push_back(line.dump());
      return;
    }
    head_ = std::move(line);
    list_ = Json::array();
    if (items_missing_ == 0) finish_list(lines);
  }

 private:
  void finish_list(std::vector<std::string>& lines) {
    head_.push_back(std::move(list_));
    lines.push_back(head_.dump());
  }

  const std::vector<std::string>& words_;
  const std::function<std::int32_t(ActorId)>& number_of_;
  Json head_, list_;
  std::int32_t items_missing_ = 0;
};

}  // namespace

Expected<ConformanceCase> read_case(std::string_view line) {
  ConformanceCase result;
  try {
    const Json json = Json::parse(line);
    result.id = json.at("id").get<std::string>();
    Scenario& scenario = result.scenario;
    for (int i = 0; i < json.at("chans").get<int>(); ++i)
      scenario.channels.push_back("c" + std::to_string(i));
    for (int i = 0; i < json.at("slots").get<int>(); ++i)
      scenario.slots.push_back("s" + std::to_string(i));
    for (const Json& list : json.at("funcs")) {
      runtime::Function function;
      const std::size_t number = scenario.functions.size();
      function.name = number == 0 ? "main" : "f" + std::to_string(number);
      add_ops(list, result, function.ops);
      runtime::number_labels(function);
      scenario.functions.push_back(std::move(function));
    }
    if (Status linked = runtime::link(scenario); !linked) throw Misread{linked.error().message};
    result.soft = expectation(json.at("soft"));
    result.hard = json.at("hard").is_null() ? result.soft : expectation(json.at("hard"));
  } catch (const Misread& misread) {
    return Error{result.id + ": " + misread.message};
  } catch (const Json::exception& misread) {
    return Error{(result.id.empty() ? std::string("a case") : result.id) + ": " + misread.what()};
  }
  return result;
}

namespace {

Observation render(const ConformanceCase& conformance_case, const std::vector<Event>& events,
                   const runtime::EndState& end,
                   const std::function<std::int32_t(ActorId)>& number_of,
                   const std::string& why_stopped) {
  Observation observation;
  auto& lines = observation.lines;
  Renderer renderer(conformance_case.words, number_of);
  for (const Event& event : events) renderer.add(event, lines);
  if (!end.ended) {
    lines.push_back(Json::array({"out", "stopped: " + why_stopped}).dump());
    return observation;
  }
  const std::string out =
      end.failed ? "exc:" + runtime::exception_text(end.exception, end.code, end.token) : "ok";
  lines.push_back(Json::array({"out", out}).dump());
  lines.push_back(Json::array({"bal", end.balances}).dump());
  Json left = Json::array();
  for (const runtime::EndState::Left& tasklet : end.left)
    left.push_back(Json::array({tasklet.tasklet, runtime::flags_text(tasklet.flags)}));
  lines.push_back(Json::array({"left", left}).dump());
  lines.push_back(Json::array({"runcount", end.run_count}).dump());
  return observation;
}

}  // namespace

Observation observe(const ConformanceCase& conformance_case, const runtime::Settings& settings,
                    std::vector<Finding>* findings) {
  runtime::ScenarioSubject subject(conformance_case.scenario, settings);
  Execution execution(settings.limits);
  Ordinary ordinary;
  execution.begin(ordinary, /*keep_log=*/true);
  subject.run(execution);
  if (findings != nullptr) {
    findings->insert(findings->end(), execution.findings().begin(), execution.findings().end());
  }
  runtime::EndState end;
  subject.interpreter().describe_end(end);
  const std::string why = execution.findings().empty() ? outcome_name(execution.outcome())
                                                       : execution.findings()[0].signature;
  return render(
      conformance_case, execution.log(), end,
      [&](ActorId actor) { return subject.interpreter().runtime().tasklet_number(actor); }, why);
}

Observation predict(const ConformanceCase& conformance_case, const runtime::Settings& settings) {
  runtime::specification::Specification specification;
  specification.predict(conformance_case.scenario, runtime::specification::rules_of(settings));
  return render(
      conformance_case, specification.events(), specification.end_state(),
      [&](ActorId actor) { return specification.tasklet_number(actor); }, "a limit");
}

std::optional<Difference> first_difference(const Observation& expected, const Observation& found) {
  constexpr std::size_t kContext = 5;
  const std::size_t lines = std::max(expected.lines.size(), found.lines.size());
  for (std::size_t i = 0; i < lines; ++i) {
    const std::string left = i < expected.lines.size() ? expected.lines[i] : "";
    const std::string right = i < found.lines.size() ? found.lines[i] : "";
    if (left == right) continue;
    Difference difference{.line = i, .expected = left, .found = right, .before = {}};
    for (std::size_t j = i > kContext ? i - kContext : 0; j < i; ++j)
      difference.before.push_back(expected.lines[j]);
    return difference;
  }
  return std::nullopt;
}

}  // namespace reweave::repro
