// Where the agent listens.
#ifndef FWAGENT_CLIENT_ADDRESS_H_
#define FWAGENT_CLIENT_ADDRESS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fwagent::client {

inline constexpr char kDefaultAddress[] = "unix:/run/fwagent/fwagent.sock";

struct Address {
  enum class Kind { kUnix, kTcp };
  Kind kind = Kind::kUnix;
  // kUnix: a path. kTcp: "host:port" or "[v6]:port".
  std::string target;

  // "unix:/path" or the target as it is.
  std::string ToString() const;
};

// Reads unix:/path, unix:///path, /path, host:port and [v6]:port.
// INVALID_ARGUMENT says what is wrong with anything else.
absl::StatusOr<Address> ParseAddress(std::string_view text);

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_ADDRESS_H_
