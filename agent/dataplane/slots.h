// Which counter slot belongs to which interface.
#ifndef FWAGENT_AGENT_DATAPLANE_SLOTS_H_
#define FWAGENT_AGENT_DATAPLANE_SLOTS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace fwagent::dataplane {

struct SlotChoice {
  std::uint32_t index = 0;
  bool fresh = false;  // counters of somebody else, if any, must be cleared
};

// The slot for `interface`. `names` has one entry for each slot, empty when it
// is free. An interface keeps its slot when it is detached, so that its
// counters go on when it returns; only when no slot is free is one taken from
// an interface that is not `guarded`. nullopt when all are guarded.
std::optional<SlotChoice> ChooseSlot(
    const std::vector<std::string>& names, const std::string& interface,
    const std::function<bool(const std::string&)>& guarded);

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_SLOTS_H_
