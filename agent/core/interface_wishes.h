// Which interfaces are to be guarded: what the configuration says, and what was
// said since.
#ifndef FWAGENT_AGENT_CORE_INTERFACE_WISHES_H_
#define FWAGENT_AGENT_CORE_INTERFACE_WISHES_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/dataplane/interface_state.h"

namespace fwagent::core {

// What holds for one name.
struct Wish {
  enum class Kind { kNone, kGuard, kRelease };
  Kind kind = Kind::kNone;
  // kGuard: how, where it was said.
  std::optional<dataplane::ModePreference> mode = {};
  // Who asked; empty: the configuration.
  std::string origin = {};
  // It was asked for by this very name.
  bool by_name = false;
};

// Names and patterns in, one answer for each name out. What was said at run
// time goes before the configuration, and what was said later before what was
// said earlier; it is forgotten when the agent ends. Not thread-safe.
class InterfaceWishes {
 public:
  explicit InterfaceWishes(std::vector<std::string> configured)
      : configured_(std::move(configured)) {}

  // Guard what is called this or matches this.
  void Attach(const std::string& pattern,
              std::optional<dataplane::ModePreference> mode,
              const std::string& origin);
  // Back to what the configuration says.
  void AttachConfigured() { orders_.clear(); }
  // Guard nothing that is called this or matches this.
  void Detach(const std::string& pattern, const std::string& origin);
  // Guard nothing at all.
  void DetachAll(const std::string& origin);

  Wish Of(const std::string& name) const;

  // The names that are spoken of as such, not by a pattern.
  std::vector<std::string> Names() const;

 private:
  struct Order {
    std::string pattern;  // empty: everything
    Wish wish;
  };
  void Add(Order order);

  const std::vector<std::string> configured_;
  std::vector<Order> orders_;  // the last one goes first
};

}  // namespace fwagent::core

#endif  // FWAGENT_AGENT_CORE_INTERFACE_WISHES_H_
