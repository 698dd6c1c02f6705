#include "agent/service/convert_time.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "agent/core/confirmation.h"
#include "agent/core/expiry.h"
#include "agent/core/plan.h"

namespace fwagent::service {
namespace {

constexpr std::int32_t kNanos = 1'000'000'000;

bool IsDuration(const google::protobuf::Duration& duration) {
  return duration.nanos() > -kNanos && duration.nanos() < kNanos &&
         (duration.seconds() == 0 || duration.nanos() == 0 ||
          (duration.seconds() < 0) == (duration.nanos() < 0));
}

absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) +
         absl::Nanoseconds(duration.nanos());
}

}  // namespace

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  google::protobuf::Timestamp wire;
  const std::int64_t seconds = absl::ToUnixSeconds(time);
  wire.set_seconds(seconds);
  wire.set_nanos(static_cast<std::int32_t>(
      absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return wire;
}

google::protobuf::Duration ToDuration(absl::Duration duration) {
  google::protobuf::Duration wire;
  absl::Duration rest;
  wire.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  wire.set_nanos(static_cast<std::int32_t>(absl::ToInt64Nanoseconds(rest)));
  return wire;
}

absl::Duration ReadTtl(const google::protobuf::Duration& ttl,
                       const std::string& field, FieldViolations& violations) {
  const absl::Duration duration = ToDuration(ttl);
  if (!IsDuration(ttl)) {
    violations.Add(field, "is no google.protobuf.Duration");
  } else if (duration <= absl::ZeroDuration()) {
    violations.Add(field, "must be more than nothing");
  } else if (duration > core::kLongestRule) {
    violations.Add(field,
                   "is more than ten years: leave it out for a rule that does "
                   "not end");
  }
  return duration;
}

absl::Duration ReadConfirmWithin(const google::protobuf::Duration& within,
                                 FieldViolations& violations) {
  const absl::Duration duration = ToDuration(within);
  if (!IsDuration(within) || duration < core::kShortestConfirmation ||
      duration > core::kLongestConfirmation) {
    violations.Add("confirm_within", "must be 1 second to 24 hours");
  }
  return duration;
}

absl::Time ReadExpireTime(const google::protobuf::Timestamp& time,
                          const std::string& field,
                          FieldViolations& violations) {
  // The years 1 to 9999, as timestamp.proto has them.
  constexpr std::int64_t kFirst = -62'135'596'800;
  constexpr std::int64_t kLast = 253'402'300'799;
  if (time.seconds() < kFirst || time.seconds() > kLast || time.nanos() < 0 ||
      time.nanos() >= kNanos) {
    violations.Add(field, "is no google.protobuf.Timestamp");
  }
  return absl::FromUnixSeconds(time.seconds()) +
         absl::Nanoseconds(time.nanos());
}

absl::Status NameExpireTime(const absl::Status& status, bool many) {
  const auto index = core::IndexOfEdit(status);
  if (!index.has_value()) return status;
  FieldViolations violations;
  violations.Add(
      many ? absl::StrCat("edits[", *index, "].expire_time") : "expire_time",
      std::string(status.message()));
  return violations.ToStatus();
}

}  // namespace fwagent::service
