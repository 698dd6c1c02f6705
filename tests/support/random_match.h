// What ordered rules ask of packets, and packets, at random.
#ifndef FWAGENT_TESTS_SUPPORT_RANDOM_MATCH_H_
#define FWAGENT_TESTS_SUPPORT_RANDOM_MATCH_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/policy/ordered_rules.h"
#include "agent/policy/packet_match.h"
#include "agent/policy/prefix.h"
#include "bpf/fw_rules.h"
#include "tests/support/dice.h"

namespace fwagent::testing {

// What a rule may ask about. Values are few, so that rules meet packets.
struct PacketFacts {
  policy::Prefix source;  // a host, and the other one of the same family
  policy::Prefix destination;
  std::uint8_t protocol = 0;
  std::optional<std::uint32_t> source_port;
  std::optional<std::uint32_t> destination_port;
  std::optional<std::uint32_t> icmp;  // type << 8 | code
  std::optional<std::uint8_t> flags;
  std::optional<std::uint32_t> vlan;
  std::uint32_t length = 0;
  std::uint32_t slot = 0;     // in RandomInterfaces
  std::uint32_t unknown = 0;  // a bit for each field that cannot be read
};

using SetContents = std::map<std::string, std::vector<policy::Prefix>>;

// By slot; some slots are free.
const std::vector<std::string>& RandomInterfaces();

// Words that PacketMatch::Parse takes, seldom in canonical form.
std::string RandomMatch(Dice& dice);
// Of the sets that RandomMatch names. One of them is not there.
SetContents RandomSets(Dice& dice);
PacketFacts RandomPacket(Dice& dice);

// As the packet filter knows it.
fw_facts FactsOf(const PacketFacts& packet);

// Whether the conditions hold, one after the other; those on what cannot be
// read do.
bool Holds(const policy::PacketConditions& conditions, const SetContents& sets,
           const PacketFacts& packet);

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_RANDOM_MATCH_H_
