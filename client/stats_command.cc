// stats, once or again and again.
#include <utility>

#include "client/commands.h"

namespace fwagent::client {

Outcome RunStats(const CommandContext& context) {
  const Arguments& arguments = context.arguments;
  fwagent::v1::GetStatsResponse before, now;
  absl::Time before_time;
  for (std::int64_t taken = 0;; ++taken) {
    if (Outcome failure = context.agent.Read(
            &Agent::Stub::GetStats, fwagent::v1::GetStatsRequest(), &now)) {
      return failure;
    }
    const absl::Time now_time = context.clock.now();
    context.renderer.Stats(
        {&now, taken > 0 ? &before : nullptr, now_time - before_time});
    if (Outcome failure = CheckOutput(context.out)) return failure;
    const bool enough =
        arguments.sample_count != 0 && taken + 1 >= arguments.sample_count;
    if (!arguments.watch.has_value() || enough ||
        !context.clock.pause(*arguments.watch)) {
      return std::nullopt;
    }
    std::swap(before, now);
    before_time = now_time;
  }
}

}  // namespace fwagent::client
