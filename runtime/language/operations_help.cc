#include "runtime/language/operations_help.h"

#include <algorithm>
#include <string_view>

#include "runtime/language/arguments.h"
#include "runtime/language/scenario.h"

namespace reweave::runtime {
namespace {

/// "send CHANNEL"; a block shows its body: "finally … then … end".
std::string usage(OpCode code) {
  const OpInfo& info = op_info(code);
  std::string text = info.word + argument_placeholders(info.arguments);
  if (info.shape == OpShape::kBlock) text += " … end";
  if (info.shape == OpShape::kBlockThen)
    text += code == OpCode::kIfElse ? " … else … end" : " … then … end";
  return text;
}

/// Letters as a terminal shows them: "…" has three bytes and one column.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

void append_row(std::string& text, const std::string& left, std::size_t width,
                std::string_view right) {
  text += "  " + left;
  if (columns(left) > width) {  // One long usage must not push all the others to the right.
    text += "\n  ";
    text.append(width + 2, ' ');
  } else {
    text.append(width + 2 - columns(left), ' ');
  }
  text += right;
  text += '\n';
}

/// Those that are beyond what Stackless has, or the others; wherever in the table a row stands.
void append_operations(std::string& text, std::size_t width, bool beyond) {
  for (int code = 0; code < op_count(); ++code) {
    const OpInfo& info = op_info(static_cast<OpCode>(code));
    if ((info.topic == Topic::kBeyond) != beyond) continue;
    append_row(text, usage(static_cast<OpCode>(code)), width, info.help);
  }
}

/// "SLOT|-" in a Markdown table: the bar must not end the cell.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '|') result += '\\';
    result += c;
  }
  return result;
}

}  // namespace

std::string operations_help() {
  constexpr std::size_t kWidth = 23;
  std::string text = "Operations\n";
  append_operations(text, kWidth, /*beyond=*/false);
  text +=
      "\nBeyond what Stackless has\n"
      "  What was said last is what the tasklet's last `get`, `plus`, `less`, `trysend`, "
      "`tryrecv`,\n"
      "  `recvt`, `select`, `trylock`, `wait`, `pollwait`, `next`, `foreach`, `deref`, `state`, "
      "`bal`,\n"
      "  `closed`, `queue`, `same`, `runcount`, `nest`, `tnest`, `thread` or `locals` found: the "
      "number\n"
      "  that it logs, or 1 for yes and 0 for no. `state` says the sum of 1 alive, 2 blocked, 4 "
      "scheduled,\n"
      "  8 paused, 16 current, 32 main.\n";
  append_operations(text, kWidth, /*beyond=*/true);
  text += "\nArguments\n";
  for (const char letter : argument_letters()) {
    const ArgumentKind& kind = argument_kind(letter);
    if (kind.help != nullptr) append_row(text, kind.placeholder, kWidth, kind.help);
  }
  return text;
}

std::string operations_page() {
  std::string text =
      "# Operations\n\n"
      "Generated from `runtime/vocabulary/operations.def`; do not edit. To renew it:\n"
      "`REWEAVE_UPDATE_GOLDEN=1 ctest --preset release -R HelpPage`.\n\n"
      "How a scenario is written is explained, with an example, in `runtime/language/text.h`.\n\n"
      "| operation | what it does | drawn |\n"
      "|---|---|---:|\n";
  for (int code = 0; code < op_count(); ++code) {
    const OpInfo& info = op_info(static_cast<OpCode>(code));
    const bool beyond = info.topic == Topic::kBeyond;
    text += "| `" + escaped(usage(static_cast<OpCode>(code))) + "` | " + escaped(info.help) +
            " | " + std::to_string(info.weight) + (beyond ? "\\*" : "") + " |\n";
  }
  text +=
      "\n*drawn*: how often the generator draws it, relative to the others. With a star: beyond "
      "what Stackless "
      "has, and drawn only where that is asked for.\n\n"
      "| argument | meaning |\n"
      "|---|---|\n";
  for (const char letter : argument_letters()) {
    const ArgumentKind& kind = argument_kind(letter);
    if (kind.help == nullptr) continue;
    text += "| `" + escaped(kind.placeholder) + "` | " + escaped(kind.help) + " |\n";
  }
  return text;
}

}  // namespace reweave::runtime
