#include "client/end_words.h"

#include "agent/text/duration.h"

namespace fwagent::client {

absl::Status UnderstandEnd(const EndWords& words, Arguments& arguments) {
  if (words.ttl.has_value()) {
    const auto ttl = text::ReadTtl("--ttl", *words.ttl);
    if (!ttl.ok()) return ttl.status();
    arguments.ttl = *ttl;
  }
  if (words.until.has_value()) {
    const auto until = text::ReadTime("--until", *words.until);
    if (!until.ok()) return until.status();
    arguments.until = *until;
  }
  return absl::OkStatus();
}

}  // namespace fwagent::client
