#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "repro/export/export.h"
#include "repro/export/python_prelude.h"
#include "repro/file/tasklet_file.h"
#include "runtime/language/arguments.h"
#include "scheduler/base/internal_check.h"

namespace reweave::repro {
namespace {

using runtime::Function;
using runtime::Op;
using runtime::OpCode;
using runtime::OpInfo;
using runtime::Scenario;

/// Those that stackless_prelude.py has as functions, by their words; `_` is behind those that are
/// words of Python or of the prelude itself.
constexpr std::string_view kCalls[] = {"emit",    "spawn",    "bind",
                                       "drop",    "getmain",  "copy",
                                       "sched",   "schedrm",  "send",
                                       "recv",    "sendx",    "sendseq",
                                       "close",   "pref",     "sall",
                                       "bal",     "closed",   "queue",
                                       "runq",    "runcount", "nest",
                                       "call",    "hcall",    "rec",
                                       "runall",  "insert",   "remove",
                                       "run",     "switch",   "switch_raw",
                                       "kill",    "killp",    "raise_exception",
                                       "throw",   "throwp",   "tnest",
                                       "tchan",   "same",     "atomic",
                                       "ignnest", "btrap",    "tatomic",
                                       "tbtrap",  "swtrap",   "rebind",
                                       "unbind",  "setup",    "setup_nobind",
                                       "schedcb", "chancb",   "schedcbf",
                                       "chancbf", "errh",     "softsw",
                                       "tstart",  "settle",   "bindt",
                                       "recvtmp", "sendtmp",  "runto",
                                       "burn"};
constexpr std::string_view kWithUnderscore[] = {"self",  "weakref", "open", "iter",
                                                "raise", "state",   "gc"};

/// Those of them that greenlet_prelude.py can do, too.
constexpr std::string_view kOfGreenlet[] = {
    "emit",   "spawn",  "bind",     "drop",    "getmain", "copy", "sched",
    "send",   "recv",   "sendx",    "sendseq", "close",   "pref", "sall",
    "bal",    "closed", "runcount", "call",    "hcall",   "rec",  "runall",
    "insert", "remove", "same",     "self",    "open",    "iter", "raise"};

template <std::size_t N>
bool is_in(const std::string_view (&words)[N], std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

std::string name_of(const Function& function) { return "function_" + function.name; }

class Writer {
 public:
  Writer(const Scenario& scenario, PythonOf of) : scenario_(scenario), of_(of) {}

  /// The names of operations that there is nothing for.
  const std::set<std::string>& missing() const { return missing_; }

  std::string function(const Function& function) {
    text_ = fmt::format("def {}():\n", name_of(function));
    depth_ = 1;
    empty_ = true;
    for (const Op& op : function.ops) operation(op);
    if (empty_) line("pass");
    return text_;
  }

 private:
  void line(std::string_view words) {
    text_ += std::string(static_cast<std::size_t>(depth_) * 4, ' ') + std::string(words) + "\n";
    empty_ = false;
  }
  void open(std::string_view words) {
    line(words);
    ++depth_;
    empty_ = true;
  }
  void close() {
    if (empty_) line("pass");
    --depth_;
    empty_ = false;
  }

  void operation(const Op& op) {
    const std::string_view word = runtime::op_info(op.code).word;
    if (word == "then") {
      close();
      open("finally:");
    } else if (word == "end") {
      end_block();
    } else if (word == "try" || word == "tryall" || word == "finally") {
      open("try:");
      blocks_.push_back(word);
    } else if (word == "loop") {
      open(fmt::format("for _ in range({}):", op.args[0]));
      blocks_.push_back(word);
    } else if (word == "trapped" && of_ == PythonOf::kStackless) {
      line("stackless.switch_trap(1)");
      open("try:");
      blocks_.push_back(word);
    } else {
      call(op, word);
    }
  }

  void end_block() {
    CHECK(!blocks_.empty());  // The scenario is linked.
    const std::string_view word = blocks_.back();
    blocks_.pop_back();
    close();
    if (word == "try" || word == "tryall") {
      open(fmt::format("except {} as error:", word == "try" ? "Exception" : "BaseException"));
      line("log(\"exc\", kind_of(error))");
      close();
    } else if (word == "trapped" && of_ == PythonOf::kStackless) {
      open("finally:");
      line("stackless.switch_trap(-1)");
      close();
    }
  }

  void call(const Op& op, std::string_view word) {
    const OpInfo& info = runtime::op_info(op.code);
    const bool is_there = of_ == PythonOf::kStackless
                              ? is_in(kCalls, word) || is_in(kWithUnderscore, word)
                              : is_in(kOfGreenlet, word);
    // One that main cannot send comes out elsewhere in Stackless, in ways of its own.
    const bool sends_exit =
        word == "sendx" && of_ == PythonOf::kGreenlet &&
        op.args[1] == static_cast<std::int32_t>(runtime::ExceptionType::kTaskletExit);
    if (!is_there || sends_exit) {
      missing_.insert(std::string(word) + (sends_exit ? " of TaskletExit" : ""));
      // Its body, too, wants to be looked at.
      if (info.shape == runtime::OpShape::kBlock || info.shape == runtime::OpShape::kBlockThen) {
        open("if True:");
        blocks_.push_back(word);
      }
      return;
    }
    std::string words = std::string(word) + (is_in(kWithUnderscore, word) ? "_" : "") + "(";
    const std::string_view letters = info.arguments;
    for (std::size_t i = 0; i < letters.size(); ++i)
      words += (i == 0 ? "" : ", ") + argument(letters[i], op.args[i]);
    line(words + ")");
  }

  std::string argument(char letter, std::int32_t value) const {
    const auto at = static_cast<std::size_t>(value);
    switch (letter) {
      case 'f':
      case 'F':
        return value < 0 ? "None" : name_of(scenario_.functions[at]);
      case 'w':
        return fmt::format("\"{}\"", scenario_.words[at]);
      case 'e':
        return fmt::format("\"{}\"",
                           runtime::exception_name(static_cast<runtime::ExceptionType>(value)));
      default:
        return std::to_string(value);
    }
  }

  const Scenario& scenario_;
  PythonOf of_;
  std::string text_;
  int depth_ = 1;
  bool empty_ = true;
  std::vector<std::string_view> blocks_;
  std::set<std::string> missing_;
};

}  // namespace

Expected<std::string> export_python(const WeaveFile& file, PythonOf of) {
  const bool stackless = of == PythonOf::kStackless;
  const std::string_view name = stackless ? "Stackless Python 3.7" : "greenlet";
  if (!is_about_tasklets(file))
    return Error{fmt::format("only scenarios of tasklets can be run by {}", name)};
  const Scenario& scenario = scenario_of(file);
  Writer writer(scenario, of);
  std::string functions;
  for (const Function& function : scenario.functions)
    functions += writer.function(function) + "\n\n";
  if (!writer.missing().empty()) {
    std::string words;
    for (const std::string& word : writer.missing()) words += (words.empty() ? "" : ", ") + word;
    return Error{fmt::format("{} has nothing for these operations: {}", name, words)};
  }
  const bool soft = stackless && settings_of(file).switching == runtime::Switching::kSoft;
  std::string text = fmt::format(
      "#!/usr/bin/env python3\n"
      "# Made by `reweave export`: this scenario, for {}. Prints its trace.\n",
      stackless ? name : "greenlet, on which what it needs of Stackless is built first");
  if (file.schedule && !file.schedule->empty()) {
    text += fmt::format(
        "# The schedule is not in it, for {} asks nobody: this is the ordinary execution.\n",
        stackless ? "Stackless" : "greenlet");
  }
  text += fmt::format("SOFT = {}\n", soft ? "True" : "False");
  std::string prelude(python_prelude());
  if (!stackless) {
    constexpr std::string_view kImport = "\nimport stackless\n";
    const std::size_t at = prelude.find(kImport);
    CHECK(at != std::string::npos);
    prelude.erase(at, kImport.size());
    text += greenlet_prelude();
  }
  text += prelude;
  text += fmt::format("\nchannels = [stackless.channel() for _ in range({})]\n",
                      scenario.channels.size());
  text += fmt::format("slots = [None] * {}\n\n\n# ---- The scenario ----\n\n",
                      std::max<std::size_t>(scenario.slots.size(), 1));
  return text + functions + fmt::format("finish({})\n", name_of(scenario.functions.front()));
}

}  // namespace reweave::repro
