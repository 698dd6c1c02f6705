#include "agent/dataplane/slots.h"

#include <algorithm>

namespace fwagent::dataplane {

std::optional<SlotChoice> ChooseSlot(
    const std::vector<std::string>& names, const std::string& interface,
    const std::function<bool(const std::string&)>& guarded) {
  const auto index = [&names](auto position) {
    return static_cast<std::uint32_t>(position - names.begin());
  };
  const auto own = std::find(names.begin(), names.end(), interface);
  if (own != names.end()) return SlotChoice{index(own), false};
  const auto free = std::find(names.begin(), names.end(), "");
  if (free != names.end()) return SlotChoice{index(free), true};
  const auto unused = std::find_if_not(names.begin(), names.end(), guarded);
  if (unused != names.end()) return SlotChoice{index(unused), true};
  return std::nullopt;
}

}  // namespace fwagent::dataplane
