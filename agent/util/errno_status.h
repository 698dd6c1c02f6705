// The one table from errno to absl::Status. Abseil's own calls E2BIG, which is
// how the kernel says that a map is full, an invalid argument.
#ifndef FWAGENT_AGENT_UTIL_ERRNO_STATUS_H_
#define FWAGENT_AGENT_UTIL_ERRNO_STATUS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace fwagent::util {

// "<what>: <text of the error>". `error` may be negative, as libbpf and the
// kernel return it.
absl::Status ErrnoToStatus(int error, std::string_view what);

// The same code and payloads, with "<context>: " before the message.
absl::Status WithContext(const absl::Status& status, std::string_view context);

// A stable upper-case cause for programs, carried as a payload; empty when
// there is none.
absl::Status WithReason(absl::Status status, std::string_view reason);
std::string ReasonOf(const absl::Status& status);

}  // namespace fwagent::util

#endif  // FWAGENT_AGENT_UTIL_ERRNO_STATUS_H_
