// What is said of interfaces across the kernel seam.
#ifndef FWAGENT_AGENT_DATAPLANE_INTERFACE_STATE_H_
#define FWAGENT_AGENT_DATAPLANE_INTERFACE_STATE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/dataplane/packet_options.h"

namespace fwagent::dataplane {

// How a program is attached.
enum class AttachMode { kNone, kNative, kGeneric };

// How it should be: kAuto tries native and falls back to generic.
enum class ModePreference { kAuto, kNative, kGeneric };

// One interface that was attached, as the kernel says it now.
struct InterfaceState {
  std::string name;
  std::uint32_t ifindex = 0;  // 0: no such interface
  AttachMode mode = AttachMode::kNone;
  std::string detail;  // why not attached, or not natively; else empty
  PacketOptions packets = {};
  // What the device is called now, when that is not `name`; else empty.
  std::string renamed_to = {};

  bool attached() const { return mode != AttachMode::kNone; }
};

// What Attach did.
struct AttachResult {
  InterfaceState state;
  // The program of an earlier run was replaced in place, with no packet
  // unfiltered.
  bool taken_over = false;
};

// A pin that somebody had removed and that is there again.
struct MendedPin {
  std::string interface;  // whose link it is; empty: a table that all share
  std::string path;
};

struct MendReport {
  std::vector<MendedPin> mended;
  // What somebody did to the tables behind the agent's back: all of them are to
  // be written anew. Empty: nothing was seen.
  std::string damage;
  // Why something could not be mended, and what the user can do; else OK.
  absl::Status trouble;
};

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_INTERFACE_STATE_H_
