#include "repro/judge/conformance.h"

#include <algorithm>
#include <functional>
#include <limits>
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

/// Brackets within brackets, as deep as a case may need: two for each block, and some around them.
constexpr std::size_t kDepthMax = 3 * Scenario::kNesting + 8;

/// How deep the brackets of a JSON text are, without reading it: a reader would recurse.
std::size_t depth_of(std::string_view text) {
  std::size_t depth = 0, deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

/// A number in [low, high] exactly as it is written: nothing is rounded or cut off.
std::int32_t whole(const Json& value, std::int32_t low = std::numeric_limits<std::int32_t>::min(),
                   std::int32_t high = std::numeric_limits<std::int32_t>::max()) {
  const bool fits = value.is_number_unsigned()
                        ? value.get<std::uint64_t>() <=
                              static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())
                        : value.is_number_integer();
  if (fits) {
    const auto number = value.get<std::int64_t>();
    if (low <= number && number <= high) return static_cast<std::int32_t>(number);
  }
  throw Misread{value.dump().substr(0, 40) + " is no whole number from " + std::to_string(low) +
                " to " + std::to_string(high)};
}

std::int32_t limit(std::size_t most) { return static_cast<std::int32_t>(most); }

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
    if (words.size() == Scenario::kWordsMax)
      throw Misread{"more than " + std::to_string(Scenario::kWordsMax) + " words"};
    words.push_back(word);
    read.scenario.words.push_back("w" + std::to_string(words.size() - 1));
    return static_cast<std::int32_t>(words.size() - 1);
  }
  if (letter == 'p' && value.is_number()) return std::clamp(whole(value), -1, 1);
  if (letter == 'b' && value.is_number()) return whole(value) != 0 ? 1 : 0;
  if (letter == 'r') {
    if (!value.is_object()) throw Misread{value.dump().substr(0, 40) + " are no flags"};
    const auto flag = [&value](const char* name) {
      const auto found = value.find(name);
      if (found == value.end()) return false;
      return found->is_boolean() ? found->get<bool>() : whole(*found) != 0;
    };
    return (flag("soft") ? 1 : 0) | (flag("total") ? 2 : 0) | (flag("ignore_nesting") ? 4 : 0);
  }
  if (value.is_null()) return -1;
  return whole(value);
}

void add_ops(const Json& list, ConformanceCase& read, std::vector<Op>& ops, std::size_t depth) {
  if (depth > Scenario::kNesting)
    throw Misread{"blocks are nested more than " + std::to_string(Scenario::kNesting) + " deep"};
  for (const Json& item : list) {
    if (ops.size() >= Scenario::kOpsPerFunctionMax) {
      throw Misread{"a function with more than " + std::to_string(Scenario::kOpsPerFunctionMax) +
                    " operations"};
    }
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
    add_ops(item.at(next), read, ops, depth + 1);
    if (info.shape == OpShape::kBlockThen) {
      ops.push_back(Op{.code = OpCode::kThen});
      add_ops(item.at(next + 1), read, ops, depth + 1);
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
          // A makeshift tasklet is -1. Nobody, whom run() alone can return, is null.
          line.push_back(
              arg < 0 && (*letter == 'C' || kind == runtime::EventKind::kRan) ? Json() : Json(arg));
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
    if (depth_of(line) > kDepthMax)
      throw Misread{"brackets are nested more than " + std::to_string(kDepthMax) + " deep"};
    // The parser would take it for the end, and nobody would see what comes behind it.
    if (line.find('\0') != std::string_view::npos) throw Misread{"a zero byte is no JSON"};
    const Json json = Json::parse(line);
    result.id = json.at("id").get<std::string>();
    Scenario& scenario = result.scenario;
    const std::int32_t channels = whole(json.at("chans"), 0, limit(Scenario::kChannelsMax));
    for (int i = 0; i < channels; ++i) scenario.channels.push_back("c" + std::to_string(i));
    const std::int32_t slots = whole(json.at("slots"), 0, limit(Scenario::kSlotsMax));
    for (int i = 0; i < slots; ++i) scenario.slots.push_back("s" + std::to_string(i));
    if (json.at("funcs").size() > Scenario::kFunctionsMax) {
      throw Misread{"more than " + std::to_string(Scenario::kFunctionsMax) + " functions"};
    }
    for (const Json& list : json.at("funcs")) {
      runtime::Function function;
      const std::size_t number = scenario.functions.size();
      function.name = number == 0 ? "main" : "f" + std::to_string(number);
      add_ops(list, result, function.ops, 0);
      runtime::number_labels(function);
      scenario.functions.push_back(std::move(function));
    }
    if (Status linked = runtime::link(scenario); !linked) throw Misread{linked.error().message};
    result.soft = expectation(json.at("soft"));
    result.hard = json.at("hard").is_null() ? result.soft : expectation(json.at("hard"));
  } catch (const Misread& misread) {
    return Error{(result.id.empty() ? std::string("a case") : result.id) + ": " + misread.message};
  } catch (const Json::parse_error& misread) {
    return Error{"a case: no JSON from byte " + std::to_string(misread.byte) + " of the line on"};
  } catch (const Json::exception& misread) {
    // Behind the parser's own number of the error: "key 'id' not found".
    std::string_view what = misread.what();
    if (what.starts_with('[')) what.remove_prefix(std::min(what.find(']') + 2, what.size()));
    return Error{(result.id.empty() ? std::string("a case") : result.id) + ": " +
                 std::string(what)};
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
                    std::vector<Finding>* findings, SharedTape* tape) {
  runtime::ScenarioSubject subject(conformance_case.scenario, settings);
  Execution execution(settings.limits);
  Ordinary ordinary;
  execution.begin(ordinary, /*keep_log=*/true, tape);
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
