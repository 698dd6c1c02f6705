#include "agent/core/interface_wishes.h"

#include <algorithm>

#include "agent/util/name_pattern.h"

namespace fwagent::core {

// An order replaces the earlier ones that it leaves nothing of.
void InterfaceWishes::Add(Order order) {
  std::erase_if(orders_, [&order](const Order& earlier) {
    return order.pattern.empty() || earlier.pattern == order.pattern ||
           (!util::IsPattern(earlier.pattern) &&
            util::Matches(order.pattern, earlier.pattern));
  });
  orders_.push_back(std::move(order));
}

void InterfaceWishes::Attach(const std::string& pattern,
                             std::optional<dataplane::ModePreference> mode,
                             const std::string& origin) {
  Add({pattern, {.kind = Wish::Kind::kGuard, .mode = mode, .origin = origin}});
}

void InterfaceWishes::Detach(const std::string& pattern,
                             const std::string& origin) {
  Add({pattern, {.kind = Wish::Kind::kRelease, .origin = origin}});
}

void InterfaceWishes::DetachAll(const std::string& origin) {
  Add({"", {.kind = Wish::Kind::kRelease, .origin = origin}});
}

Wish InterfaceWishes::Of(const std::string& name) const {
  for (auto order = orders_.rbegin(); order != orders_.rend(); ++order) {
    if (!order->pattern.empty() && !util::Matches(order->pattern, name)) {
      continue;
    }
    Wish wish = order->wish;
    wish.by_name = order->pattern == name;
    return wish;
  }
  Wish wish;
  for (const std::string& pattern : configured_) {
    if (!util::Matches(pattern, name)) continue;
    wish.kind = Wish::Kind::kGuard;
    if (pattern == name) wish.by_name = true;
  }
  return wish;
}

std::vector<std::string> InterfaceWishes::Names() const {
  std::vector<std::string> names;
  const auto add = [&names](const std::string& text) {
    if (!text.empty() && !util::IsPattern(text)) names.push_back(text);
  };
  std::for_each(configured_.begin(), configured_.end(), add);
  for (const Order& order : orders_) add(order.pattern);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace fwagent::core
