// --ttl and --until, as they are written.
#ifndef FWAGENT_CLIENT_END_WORDS_H_
#define FWAGENT_CLIENT_END_WORDS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "client/arguments.h"

namespace fwagent::client {

struct EndWords {
  std::optional<std::string> ttl;
  std::optional<std::string> until;
};

// Puts the end into the arguments, if there is one. INVALID_ARGUMENT: it cannot
// be understood.
absl::Status UnderstandEnd(const EndWords& words, Arguments& arguments);

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_END_WORDS_H_
