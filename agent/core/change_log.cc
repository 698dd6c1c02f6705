#include "agent/core/change_log.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "absl/strings/str_cat.h"

namespace fwagent::core {
namespace {

std::string EndText(const policy::Rule& rule) {
  if (!policy::Ends(rule)) return "";
  return absl::StrCat(" until ",
                      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", rule.expire_time,
                                       absl::UTCTimeZone()));
}

void LogOne(const Step& step, const Change& change, std::uint64_t generation) {
  spdlog::info("{} {}{}: rule {}, generation {}, asked by {}",
               step.renews() ? "renew" : KindName(step.kind),
               policy::MatchToString(step.rule.match),
               step.adds() ? EndText(step.rule) : "", step.rule.id, generation,
               change.origin);
}

}  // namespace

void LogChange(const std::vector<Step>& steps, const Change& change,
               std::uint64_t generation) {
  if (steps.size() == 1) return LogOne(steps.front(), change, generation);
  if (steps.front().kind == Edit::Kind::kEnd) {
    spdlog::info("{} rules have ended: generation {}, asked by {}",
                 steps.size(), generation, change.origin);
    return;
  }
  const auto blocked = std::count_if(
      steps.begin(), steps.end(), [](const Step& step) { return step.adds(); });
  spdlog::info("block {} sources and unblock {}: generation {}, asked by {}",
               blocked, static_cast<std::ptrdiff_t>(steps.size()) - blocked,
               generation, change.origin);
}

void LogSetChange(const policy::SetOutcome& set, const Change& change,
                  std::uint64_t generation) {
  spdlog::info(
      "set {} ({}): {} entries, {} in, {} out; generation {}, asked by {}",
      set.info.name, policy::SetActionName(set.info.action), set.size,
      set.added, set.removed, generation, change.origin);
}

}  // namespace fwagent::core
