#include "repro/campaign/shard.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>

namespace reweave::repro {
namespace {

std::optional<std::uint64_t> number(std::string_view word) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  const bool whole = error == std::errc{} && end == word.data() + word.size();
  return whole && !word.empty() ? std::optional(value) : std::nullopt;
}

Error trouble(std::string_view word) {
  return Error{fmt::format(
      "\"{}\" is no shard: say 3/8 for the third of eight, auto in a Slurm array, or auto/8 where "
      "Slurm, Kubernetes or GNU parallel give the number",
      word)};
}

/// Its number as whatever started the process says, counted from 0.
Expected<std::uint64_t> index_of(const Variables& variables) {
  const auto get = [&](const char* name, std::uint64_t otherwise) -> Expected<std::uint64_t> {
    const std::optional<std::string> text = variables(name);
    if (!text) return otherwise;
    if (const std::optional<std::uint64_t> value = number(*text)) return *value;
    return Error{fmt::format("{}={} is no number", name, *text)};
  };
  if (variables("SLURM_ARRAY_TASK_ID")) {
    const auto id = get("SLURM_ARRAY_TASK_ID", 0), low = get("SLURM_ARRAY_TASK_MIN", 0),
               step = get("SLURM_ARRAY_TASK_STEP", 1);
    for (const auto* const part : {&id, &low, &step}) {
      if (!*part) return part->error();
    }
    if (*id < *low || *step == 0 || (*id - *low) % *step != 0)
      return Error{fmt::format("SLURM_ARRAY_TASK_ID={} is none of the array", *id)};
    return (*id - *low) / *step;
  }
  if (variables("JOB_COMPLETION_INDEX")) return get("JOB_COMPLETION_INDEX", 0);
  if (variables("PARALLEL_SEQ")) {
    const auto sequence = get("PARALLEL_SEQ", 1);
    if (sequence && *sequence == 0) return Error{"PARALLEL_SEQ=0, but GNU parallel counts from 1"};
    if (!sequence) return sequence.error();
    return *sequence - 1;
  }
  return Error{
      "nothing says which shard this is: SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX and "
      "PARALLEL_SEQ are not set; say 3/8"};
}

}  // namespace

std::string Shard::text() const { return fmt::format("{}/{}", index + 1, count); }

std::uint64_t Shard::part_of(std::uint64_t total) const {
  return total / count + (index < total % count ? 1 : 0);
}

std::optional<std::string> variable_of_environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Expected<Shard> parse_shard(std::string_view word, const Variables& variables) {
  const std::size_t slash = word.find('/');
  const std::string_view which = word.substr(0, slash);
  std::optional<std::uint64_t> count;
  if (slash != std::string_view::npos) {
    count = number(word.substr(slash + 1));
    if (!count) return trouble(word);
  } else if (which == "auto") {
    const std::optional<std::string> of_slurm = variables("SLURM_ARRAY_TASK_COUNT");
    if (of_slurm) count = number(*of_slurm);
    if (!count) {
      return Error{
          "auto: only Slurm says of how many this is one (SLURM_ARRAY_TASK_COUNT); say auto/8"};
    }
  }
  if (!count || *count < 1 || *count > Shard::kCountMax) return trouble(word);
  Shard shard{.count = *count};
  if (which == "auto") {
    const Expected<std::uint64_t> index = index_of(variables);
    if (!index) return index.error();
    shard.index = *index;
  } else {
    const std::optional<std::uint64_t> nth = number(which);
    if (!nth || *nth == 0) return trouble(word);
    shard.index = *nth - 1;
  }
  if (shard.index >= shard.count) {
    return Error{fmt::format("shard {} of {}: there is no such one", shard.index + 1, shard.count)};
  }
  return shard;
}

void take_shard(const Shard& shard, ExploreOptions& options) {
  std::uint64_t block = options.first_execution / options.block;
  if (!shard.has(block)) {
    block += (shard.index + shard.count - block % shard.count) % shard.count;
    options.first_execution = block * options.block;
  }
  options.stride = shard.count;
  if (options.budget.executions != 0)
    options.budget.executions = shard.part_of(options.budget.executions);
}

}  // namespace reweave::repro
