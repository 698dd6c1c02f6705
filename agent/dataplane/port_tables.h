// The tables of blocked ports: for each protocol one array, swapped as a whole.
#ifndef FWAGENT_AGENT_DATAPLANE_PORT_TABLES_H_
#define FWAGENT_AGENT_DATAPLANE_PORT_TABLES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/dataplane/data_plane.h"
#include "agent/policy/port_range.h"
#include "agent/policy/port_table.h"
#include "agent/util/scoped_fd.h"
#include "bpf/fw_table.h"

namespace fwagent::dataplane {

// Two halves with an array for each protocol, of which one is in force. One
// array changes in place; several are laid into the other half, which then is
// put in force at the same instant as other tables.
//
// The outer map only tells the arrays' ids, and to open a map by its id takes
// CAP_SYS_ADMIN; so each array has a pin of its own, named after its id.
class PortTables {
 public:
  using News = decltype(NewTables::ports);

  // Finds the arrays among the pins in `folder` and removes pins of others.
  // `outer_fd` and `state` are the caller's and must outlive the object.
  static absl::StatusOr<PortTables> Open(int outer_fd,
                                         const fw_table_state* state,
                                         const std::string& folder);

  // Puts one table in force, at one instant for every packet.
  absl::Status Replace(policy::Protocol protocol,
                       const policy::PortTable& table);
  // Lays all tables, new ones and old ones, into the half that is not in force,
  // and that no packet is judged by any more. On error only that half differs.
  absl::Status Stage(const News& news);

  // Those in force. nullopt for an array that was not found among the pins.
  absl::StatusOr<LivePorts> Read() const;

  // What somebody else did to the tables in force; empty: nothing.
  absl::StatusOr<std::string> Damage();

  // Pins the arrays, and from then on new ones too; the folder must be there.
  absl::Status Pin();
  absl::Status Unpin();

 private:
  struct Array {
    util::ScopedFd fd;
    std::uint32_t id = 0;
    std::size_t hash = 0;  // of the contents
  };
  struct Slot {
    std::shared_ptr<const Array> array;  // none: nothing is blocked
    bool known = true;                   // else there is one without a pin
  };
  using Half = std::array<Slot, policy::kProtocols.size()>;

  PortTables(int outer_fd, const fw_table_state* state,
             const std::string& folder)
      : outer_fd_(outer_fd), state_(state), folder_(folder) {}

  std::size_t live_half() const {
    return (state_->active & FW_ACTIVE_PORTS) != 0 ? 1 : 0;
  }
  Slot& SlotAt(std::size_t key) {
    return halves_[key / FW_PORT_PROTOCOLS][key % FW_PORT_PROTOCOLS];
  }
  // `pins` are the names in the folder.
  absl::Status FindArrays(const std::vector<std::string>& pins);
  absl::StatusOr<std::shared_ptr<const Array>> Make(
      const policy::PortTable& table) const;
  absl::Status Put(std::size_t half, policy::Protocol protocol,
                   std::shared_ptr<const Array> array);
  absl::Status RemoveUnused(const std::shared_ptr<const Array>& array) const;
  absl::StatusOr<std::string> DamageOf(policy::Protocol protocol,
                                       const Slot& slot) const;
  std::string PinPath(std::uint32_t id) const;

  int outer_fd_;
  const fw_table_state* state_;
  std::string folder_;
  bool pinned_ = false;
  std::array<Half, FW_PORT_HALVES> halves_;
};

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_PORT_TABLES_H_
