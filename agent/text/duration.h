// Durations and times as people write them.
#ifndef FWAGENT_AGENT_TEXT_DURATION_H_
#define FWAGENT_AGENT_TEXT_DURATION_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace fwagent::text {

// Reads "500ms", "1m30s", or a number of seconds. INVALID_ARGUMENT, naming the
// option, for anything else and for what is not between a millisecond and a
// day.
absl::StatusOr<absl::Duration> ReadDuration(const std::string& option,
                                            const std::string& text);

// The same of any length, also in days, as in "7d" and "1d12h". Whether the
// agent takes it is for the agent to say.
absl::StatusOr<absl::Duration> ReadTtl(const std::string& option,
                                       const std::string& text);

// Reads a time as RFC 3339 has it, "2026-12-01T12:00:00Z".
absl::StatusOr<absl::Time> ReadTime(const std::string& option,
                                    const std::string& text);

// "6d23h", "9m58s", "1s": the two largest units, rounded up to a second; "0s"
// for what is over.
std::string DurationText(absl::Duration duration);

}  // namespace fwagent::text

#endif  // FWAGENT_AGENT_TEXT_DURATION_H_
