// The tables of blocked ports: for each protocol one array, swapped as a whole.
#ifndef FWAGENT_AGENT_DATAPLANE_PORT_TABLES_H_
#define FWAGENT_AGENT_DATAPLANE_PORT_TABLES_H_

#include <array>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/policy/port_range.h"
#include "agent/policy/port_table.h"
#include "agent/util/scoped_fd.h"

namespace fwagent::dataplane {

// Owns the live arrays. The outer map only tells their ids, and to open a map
// by its id takes CAP_SYS_ADMIN; so each live array has a pin of its own. A
// new one is pinned beside the old, swapped into the outer map, and then
// renamed over the old pin. A crash in between leaves one pin whose id is that
// in the outer map, and that is how the next run knows which one is live.
class PortTables {
 public:
  using Tables =
      std::array<std::optional<policy::PortTable>, policy::kProtocols.size()>;

  // Finds the live arrays among the pins in `folder` and removes other pins of
  // port tables. `outer_fd` is the caller's and must outlive the object.
  static absl::StatusOr<PortTables> Open(int outer_fd,
                                         const std::string& folder);

  // As DataPlane::ReplacePorts.
  absl::Status Replace(policy::Protocol protocol,
                       const policy::PortTable& table);

  // nullopt for an array that is live but was not found among the pins.
  absl::StatusOr<Tables> Read() const;

  // What somebody else did to the tables; empty: nothing.
  absl::StatusOr<std::string> Damage();

  // Pins the live arrays, and from then on new ones too; the folder must be
  // there.
  absl::Status Pin();
  absl::Status Unpin();

 private:
  struct Live {
    util::ScopedFd fd;  // none: the protocol has no table, or it is not known
    bool known = true;
    std::size_t hash = 0;  // of the contents
  };

  PortTables(int outer_fd, const std::string& folder)
      : outer_fd_(outer_fd), folder_(folder) {}

  absl::Status Find(policy::Protocol protocol);
  absl::Status Install(policy::Protocol protocol, util::ScopedFd array);
  absl::Status Remove(policy::Protocol protocol);
  Live& LiveOf(policy::Protocol protocol);
  std::string PinPath(policy::Protocol protocol) const;
  std::string NextPinPath(policy::Protocol protocol) const;

  int outer_fd_;
  std::string folder_;
  bool pinned_ = false;
  std::array<Live, policy::kProtocols.size()> live_;
};

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_PORT_TABLES_H_
