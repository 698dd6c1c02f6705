// Rule sets as large as those that are met outside, from a seeded generator.
#ifndef FWAGENT_TESTS_BENCH_RULES_H_
#define FWAGENT_TESTS_BENCH_RULES_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "agent/policy/prefix.h"
#include "agent/policy/source_rule.h"

namespace fwagent::bench {

// An address of either family, left-justified: IPv4 is the upper 32 bits. All
// arithmetic on prefixes is then the same for both.
__extension__ typedef unsigned __int128 Address;

struct Rule {
  Address address = 0;
  int length = 0;           // bits
  std::uint32_t value = 0;  // never 0; another one for each rule

  bool Contains(Address other) const;
};

enum class RuleKind {
  kMixed4,    // public block lists put together: hosts, /24, some of the rest
  kRouting4,  // lengths as in a full routing table
  kHosts4,
  kTypical6,  // /32, /48, /64 and hosts
  kUniform6,  // every length from /32 on as often as the others
  kHosts6,
};

struct RuleSet {
  std::string name;
  policy::Family family;
  bool hosts_only = false;
  // No duplicates; by address, shorter prefixes first.
  std::vector<Rule> rules;
  // The same in the data plane's terms: blocks, each with its value as its id.
  std::vector<policy::SourceRule> blocks;
};

// The same rules each time. Half of an IPv6 set or more, and a third of an IPv4
// set, lies in neighbourhoods, as abuse does.
RuleSet MakeRuleSet(const std::string& name, RuleKind kind, std::size_t count);

// The bits of an address that a prefix of this length leaves open.
Address HostMask(int length);

using Random = std::mt19937_64;

// Somewhere in what is handed out to hosts: unicast for IPv4, 2000::/3 for
// IPv6.
Address RandomUnicast(policy::Family family, Random& random);

// One of the addresses that the prefix has.
Address RandomInside(policy::Family family, Address prefix, int length,
                     Random& random);

}  // namespace fwagent::bench

#endif  // FWAGENT_TESTS_BENCH_RULES_H_
