#include "agent/core/expiry.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "agent/util/status_macros.h"

namespace fwagent::core {
namespace {

absl::Status NotAhead(const Ending& ending, const Moment& now) {
  if (std::holds_alternative<absl::Duration>(ending)) {
    return absl::InvalidArgumentError("must be more than nothing");
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "is not ahead: the host's clock says ",
      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now.wall, absl::UTCTimeZone())));
}

}  // namespace

absl::Time WholeMicros(absl::Time time) {
  return absl::FromUnixMicros(absl::ToUnixMicros(time));
}

absl::StatusOr<absl::Duration> LengthOf(const Ending& ending,
                                        const Moment& now) {
  if (std::holds_alternative<std::monostate>(ending)) {
    return absl::InfiniteDuration();
  }
  const auto* end = std::get_if<absl::Time>(&ending);
  const absl::Duration length =
      end != nullptr ? *end - now.wall : std::get<absl::Duration>(ending);
  if (length <= absl::ZeroDuration()) return NotAhead(ending, now);
  if (length > kLongestRule) {
    return absl::InvalidArgumentError(
        "is more than ten years ahead: leave it out for a rule that does not "
        "end");
  }
  return length;
}

absl::Status SetEnding(const Ending& ending, const Moment& now,
                       policy::Rule& rule) {
  FW_ASSIGN_OR_RETURN(const absl::Duration length, LengthOf(ending, now));
  const bool ends = length != absl::InfiniteDuration();
  rule.until = ends ? now.DeadlineIn(length) : policy::kForever;
  rule.expire_time =
      ends ? WholeMicros(now.wall + length) : absl::InfiniteFuture();
  return absl::OkStatus();
}

void MoveToThisBoot(const Moment& now, policy::Rule& rule) {
  if (!policy::Ends(rule)) return;
  rule.until = DeadlineInThisBoot(now, rule.create_time, rule.expire_time);
}

policy::Deadline DeadlineInThisBoot(const Moment& now, absl::Time begin,
                                    absl::Time end) {
  return now.DeadlineIn(std::min(end - now.wall, end - begin));
}

absl::Time PresentExpireTime(const policy::Rule& rule, const Moment& now) {
  if (!policy::Ends(rule)) return rule.expire_time;
  return PresentTime(rule.until, rule.expire_time, now);
}

absl::Time PresentTime(policy::Deadline until, absl::Time known,
                       const Moment& now) {
  const absl::Time derived = now.WallAt(until);
  const absl::Duration moved = absl::AbsDuration(derived - known);
  return moved < absl::Seconds(1) ? known : WholeMicros(derived);
}

bool FollowWallClock(const Moment& now, policy::Rule& rule) {
  if (now.wall < rule.create_time) return false;
  const absl::Time present = PresentExpireTime(rule, now);
  if (present == rule.expire_time) return false;
  rule.expire_time = present;
  return true;
}

}  // namespace fwagent::core
