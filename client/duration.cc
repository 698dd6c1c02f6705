#include "client/duration.h"

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace fwagent::client {

absl::StatusOr<absl::Duration> ReadDuration(const std::string& option,
                                            const std::string& text) {
  absl::Duration duration;
  double seconds = 0;
  if (absl::SimpleAtod(text, &seconds)) {
    duration = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, &duration)) {
    return absl::InvalidArgumentError(absl::StrCat(
        option, ": \"", text, "\" is not a duration such as 500ms, 5s or 1m"));
  }
  if (duration < absl::Milliseconds(1) || duration > absl::Hours(24)) {
    return absl::InvalidArgumentError(absl::StrCat(
        option, ": \"", text, "\" is not between a millisecond and a day"));
  }
  return duration;
}

}  // namespace fwagent::client
