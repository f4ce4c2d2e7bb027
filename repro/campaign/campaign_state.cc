#include "repro/campaign/campaign_state.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <tuple>

#include "repro/file/workdir.h"

namespace reweave::repro {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const ArmState& arm) {
  const ArmRecord& record = arm.record;
  return {{"target", arm.target},          {"strategy", arm.strategy},
          {"units", record.units},         {"executions", record.executions},
          {"found", record.found},         {"credit", record.credit},
          {"exhausted", record.exhausted}, {"questions", record.questions},
          {"stopped", record.stopped}};
}

/// Thrown and caught within this file.
struct Misread {
  std::string message;
};

/// A count as it is written: nothing is rounded, cut off or made of a negative number.
std::uint64_t count_of(const Json& value) {
  if (!value.is_number_unsigned())
    throw Misread{fmt::format("{} is no count", value.is_number() ? value.dump() : "a value")};
  return value.get<std::uint64_t>();
}

ArmState arm_of(const Json& json) {
  ArmState arm{.target = json.at("target"), .strategy = json.at("strategy")};
  arm.record = {.units = count_of(json.at("units")),
                .executions = count_of(json.at("executions")),
                // Older states do not tell: as if something was asked, and nothing stopped.
                .questions = count_of(json.value("questions", json.at("executions"))),
                .stopped = count_of(json.value("stopped", Json(0u))),
                .found = count_of(json.at("found")),
                .credit = count_of(json.at("credit")),
                .exhausted = json.at("exhausted")};
  return arm;
}

Shard shard_of(const Json& json) {
  const auto no_variables = [](const char*) { return std::optional<std::string>(); };
  const Expected<Shard> shard = parse_shard(json.get<std::string>(), no_variables);
  if (!shard) throw Misread{shard.error().message};
  return *shard;
}

/// Throws a Misread, or what the library throws where something is missing or of another type.
ShardState state_of(const Json& json) {
  const Json& schema = json.at("schema");
  if (!schema.is_number_unsigned() || schema.get<std::uint64_t>() != ShardState::kSchema)
    throw Misread{fmt::format("its schema is not {}", ShardState::kSchema)};
  ShardState state{.seed = count_of(json.at("seed")),
                   .shard = shard_of(json.at("shard")),
                   .next = count_of(json.at("next")),
                   .units = count_of(json.at("units")),
                   .failed = count_of(json.at("failed")),
                   .executions = count_of(json.at("executions")),
                   .milliseconds = count_of(json.at("milliseconds")),
                   .last_new_milliseconds = count_of(json.at("last_new_milliseconds"))};
  for (const Json& unit : json.at("beyond")) state.beyond.insert(count_of(unit));
  for (const Json& arm : json.at("arms")) state.arms.push_back(arm_of(arm));
  for (const auto& [signature, count] : json.at("times").items())
    state.times[signature] = count_of(count);
  state.troubles = json.at("troubles").get<std::vector<std::string>>();
  for (const Json& sample : json.value("history", Json::array()))
    state.history.push_back(
        {count_of(sample.at(0)), count_of(sample.at(1)), count_of(sample.at(2))});
  return state;
}

}  // namespace

void ShardState::set_done(std::uint64_t unit) {
  beyond.insert(unit);
  while (!beyond.empty() && *beyond.begin() <= next) {
    if (*beyond.begin() == next) next += shard.count;
    beyond.erase(beyond.begin());
  }
}

void ShardState::add_trouble(std::string text) {
  if (troubles.size() < kTroublesMax) troubles.push_back(std::move(text));
}

void ShardState::add_sample(const Sample& sample) {
  history.push_back(sample);
  if (history.size() <= kSamplesMax) return;
  const auto gap_without = [this](std::size_t i) {
    return history[i + 1].milliseconds - history[i - 1].milliseconds;
  };
  std::size_t dispensable = 1;
  for (std::size_t i = 2; i + 1 < history.size(); ++i)
    if (gap_without(i) < gap_without(dispensable)) dispensable = i;
  history.erase(history.begin() + static_cast<std::ptrdiff_t>(dispensable));
}

std::string ShardState::name() const {
  std::string what = fmt::format("{}\n{}\n", seed, shard.text());
  for (const ArmState& arm : arms) what += fmt::format("{}\n{}\n", arm.target, arm.strategy);
  return fmt::format("{}-{}-of-{}", content_name(what), shard.index + 1, shard.count);
}

std::string write_state(const ShardState& state) {
  Json json = {{"schema", ShardState::kSchema},
               {"seed", state.seed},
               {"shard", state.shard.text()},
               {"next", state.next},
               {"beyond", state.beyond},
               {"units", state.units},
               {"failed", state.failed},
               {"executions", state.executions},
               {"milliseconds", state.milliseconds},
               {"last_new_milliseconds", state.last_new_milliseconds}};
  json["arms"] = Json::array();
  for (const ArmState& arm : state.arms) json["arms"].push_back(json_of(arm));
  json["times"] = Json::object();
  for (const auto& [signature, count] : state.times) json["times"][signature] = count;
  json["troubles"] = state.troubles;
  json["history"] = Json::array();
  for (const ShardState::Sample& sample : state.history)
    json["history"].push_back({sample.milliseconds, sample.executions, sample.signatures});
  return json.dump(1, ' ', true, Json::error_handler_t::replace) + "\n";
}

Expected<ShardState> read_state(std::string_view text, std::string_view name) {
  const auto trouble = [&](std::string_view why) {
    return Error{
        fmt::format("{}: is no state of a campaign: {}; move it away to begin anew", name, why)};
  };
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return trouble("no JSON object");
  try {
    return state_of(json);
  } catch (const Misread& misread) {
    return trouble(misread.message);
  } catch (const Json::exception& error) {
    return trouble(error.what());
  }
}

bool is_farther(const ShardState& a, const ShardState& b) {
  const auto rank = [](const ShardState& state, const std::string& text) {
    return std::tuple(state.units, state.executions, state.milliseconds, std::string_view(text));
  };
  const std::string text_a = write_state(a), text_b = write_state(b);
  return rank(a, text_a) > rank(b, text_b);
}

std::map<std::string, std::uint64_t> times_of(const std::vector<ShardState>& states) {
  std::map<std::string, std::uint64_t> all;
  for (const ShardState& state : states) {
    for (const auto& [signature, count] : state.times) all[signature] += count;
  }
  return all;
}

Leftover leftover_of(const std::vector<ShardState>& states) {
  std::uint64_t executions = 0;
  for (const ShardState& state : states) executions += state.executions;
  return leftover(times_of(states), executions);
}

}  // namespace reweave::repro
