// The way to other hosts.
#ifndef FWAGENT_AGENT_SERVICE_HOST_ROUTES_H_
#define FWAGENT_AGENT_SERVICE_HOST_ROUTES_H_

#include <optional>
#include <string>

#include "agent/policy/prefix.h"

namespace fwagent::service {

struct HostRoute {
  std::optional<policy::Prefix> gateway;  // none: it is a neighbour
  bool is_local = false;                  // it is this host itself
  std::string interface;                  // empty: not known
};

// How packets to a host leave this one, as the kernel says it (rtnetlink).
// nullopt: nobody knows a way, or that cannot be told.
std::optional<HostRoute> RouteTo(const policy::Prefix& host);

}  // namespace fwagent::service

#endif  // FWAGENT_AGENT_SERVICE_HOST_ROUTES_H_
