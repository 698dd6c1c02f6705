#include "tests/support/nft_ruleset.h"

#include <array>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace fwagent::testing {
namespace {

using policy::Family;
using policy::SourceVerdict;

struct PortProtocol {
  std::uint8_t ip_protocol;
  const char* name;
};
constexpr std::array<PortProtocol, 5> kPortProtocols = {{
    {6, "tcp"},
    {17, "udp"},
    {33, "dccp"},
    {132, "sctp"},
    {136, "udplite"},
}};

// Prefixes and ranges may overlap: nft merges them.
std::string Set(const std::string& name, const char* type,
                const std::vector<std::string>& elements) {
  std::string text = absl::StrCat("  set ", name, " { type ", type,
                                  "; flags interval; auto-merge; ");
  if (!elements.empty()) {
    absl::StrAppend(&text, "elements = { ", absl::StrJoin(elements, ", "),
                    " } ");
  }
  return absl::StrCat(text, "}\n");
}

std::string SourceSet(const std::string& name, const ReferenceRules& rules,
                      Family family, SourceVerdict verdict) {
  std::vector<std::string> prefixes;
  for (const policy::SourceRule& rule : rules.sources) {
    if (rule.prefix.family() == family && rule.verdict == verdict) {
      prefixes.push_back(rule.prefix.ToString());
    }
  }
  return Set(name, family == Family::kIPv4 ? "ipv4_addr" : "ipv6_addr",
             prefixes);
}

std::string PortSet(const PortProtocol& protocol, const ReferenceRules& rules) {
  std::vector<std::string> ranges;
  for (const ReferenceRules::Ports& ports : rules.ports) {
    if (ports.ip_protocol == protocol.ip_protocol) {
      ranges.push_back(absl::StrCat(ports.first, "-", ports.last));
    }
  }
  return Set(protocol.name + std::string("_ports"), "inet_service", ranges);
}

std::string Rule(const std::string& match, const std::string& exit) {
  return absl::StrCat("    ", match, " fwd to \"", exit, "\"\n");
}

}  // namespace

// The order is that of docs/packets.md: neighbour discovery (RFC 4861), then
// allowed sources whatever the lengths of the prefixes, then blocked ones, then
// ports.
std::string NftRuleset(const ReferenceRules& rules, const std::string& device,
                       const NftExits& exits) {
  std::string text = absl::StrCat(
      "add table netdev beside\n", "delete table netdev beside\n",
      "table netdev beside {\n",
      SourceSet("allowed4", rules, Family::kIPv4, SourceVerdict::kAllow),
      SourceSet("allowed6", rules, Family::kIPv6, SourceVerdict::kAllow),
      SourceSet("blocked4", rules, Family::kIPv4, SourceVerdict::kBlock),
      SourceSet("blocked6", rules, Family::kIPv6, SourceVerdict::kBlock));
  for (const PortProtocol& protocol : kPortProtocols) {
    absl::StrAppend(&text, PortSet(protocol, rules));
  }
  absl::StrAppend(
      &text, "  chain judge {\n    type filter hook ingress device \"", device,
      "\" priority 0; policy drop;\n",
      Rule("ip6 nexthdr 58 ip6 hoplimit 255 icmpv6 type 133-136", exits.passed),
      Rule("ip saddr @allowed4", exits.allowed),
      Rule("ip6 saddr @allowed6", exits.allowed),
      Rule("ip saddr @blocked4", exits.source_blocked),
      Rule("ip6 saddr @blocked6", exits.source_blocked));
  for (const PortProtocol& protocol : kPortProtocols) {
    absl::StrAppend(&text, Rule(absl::StrCat(protocol.name, " dport @",
                                             protocol.name, "_ports"),
                                exits.port_blocked));
  }
  return absl::StrCat(text, Rule("", exits.passed), "  }\n}\n");
}

}  // namespace fwagent::testing
