#include "tests/torture/target.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"

namespace fwagent::testing {
namespace {

Target PortTarget(std::uint16_t first, std::uint16_t last) {
  const policy::Match match =
      *policy::PortRange::Create(policy::Protocol::kTcp, first, last);
  return {match, policy::MatchToString(match),
          Ethernet{} / IPv4{.src = kInnocentIPv4} / Tcp{.dport = last}};
}

}  // namespace

std::vector<Target> TargetsOf(int caller) {
  std::vector<Target> targets;
  for (int i = 1; i <= 12; ++i) {
    const std::string host = absl::StrCat("10.", caller, ".0.", i);
    targets.push_back(SourceTarget(host, host));
  }
  for (int i = 1; i <= 4; ++i) {
    const std::string net = absl::StrCat("10.", caller, ".", i);
    targets.push_back(SourceTarget(net + ".0/24", net + ".77"));
  }
  for (int i = 1; i <= 4; ++i) {
    const std::string host = absl::StrCat("2001:db8:", caller, "::", i);
    targets.push_back(SourceTarget(host, host));
  }
  const std::string net = absl::StrCat("2001:db8:", caller, ":1::");
  targets.push_back(SourceTarget(net + "/64", net + "77"));
  targets.push_back(SourceTarget(absl::StrCat(100 + caller, ".0.0.0/8"),
                                 absl::StrCat(100 + caller, ".1.2.3")));
  for (int i = 0; i < 4; ++i) {
    const auto port = static_cast<std::uint16_t>(20000 + 100 * caller + 10 * i);
    targets.push_back(PortTarget(port, static_cast<std::uint16_t>(port + i)));
  }
  return targets;
}

}  // namespace fwagent::testing
