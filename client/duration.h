// Durations as people write them.
#ifndef FWAGENT_CLIENT_DURATION_H_
#define FWAGENT_CLIENT_DURATION_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace fwagent::client {

// Reads "500ms", "1m30s", or a number of seconds. INVALID_ARGUMENT, naming the
// option, for anything else and for what is not between a millisecond and a
// day.
absl::StatusOr<absl::Duration> ReadDuration(const std::string& option,
                                            const std::string& text);

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_DURATION_H_
