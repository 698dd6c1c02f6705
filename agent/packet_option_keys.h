// The options of packets as they are written in configuration and flags.
#ifndef FWAGENT_AGENT_PACKET_OPTION_KEYS_H_
#define FWAGENT_AGENT_PACKET_OPTION_KEYS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/dataplane/packet_options.h"

namespace fwagent {

// "malformed" and the others.
std::vector<std::string> PacketOptionKeys();

// Sets the option of this key to what the text says. INVALID_ARGUMENT, and
// nothing changed, when there is no such key, or the text is none of its
// values.
absl::Status SetPacketOption(const std::string& key, const std::string& text,
                             dataplane::PacketOptions& options);

}  // namespace fwagent

#endif  // FWAGENT_AGENT_PACKET_OPTION_KEYS_H_
