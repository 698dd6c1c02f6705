// Where the agent's log lines go: spdlog's default logger, on standard error,
// where systemd and containers collect it.
#ifndef FWAGENT_AGENT_UTIL_LOG_H_
#define FWAGENT_AGENT_UTIL_LOG_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace fwagent::util {

// INVALID_ARGUMENT unless it is trace, debug, info, warning or error.
absl::Status CheckLogLevel(std::string_view level);

// `level` as CheckLogLevel takes it. Under systemd the journal adds
// the time, so it is left out. INVALID_ARGUMENT for an unknown level.
absl::Status InitLog(std::string_view level);

// "CODE: message", for a log line.
std::string ToLogText(const absl::Status& status);

// Logs an error that nobody can be told and that changes nothing.
void WarnUnlessOk(const absl::Status& status);

}  // namespace fwagent::util

#endif  // FWAGENT_AGENT_UTIL_LOG_H_
