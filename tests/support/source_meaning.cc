#include "tests/support/source_meaning.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fwagent::testing {
namespace {

using policy::AddressBits;
using policy::Prefix;
using policy::SourceMeaning;
using policy::SourceRule;

using Address = std::array<std::uint8_t, 16>;

int BitOf(const Address& address, int index) {
  const auto byte = static_cast<std::size_t>(index / 8);
  return address[byte] >> (7 - index % 8) & 1;
}

bool Covers(const Prefix& prefix, const Prefix& host) {
  if (prefix.family() != host.family()) return false;
  for (int i = 0; i < prefix.length(); ++i) {
    if (BitOf(prefix.address(), i) != BitOf(host.address(), i)) return false;
  }
  return true;
}

// Adds 1 or -1 to an address of so many bytes, around the ends.
Address Step(Address address, std::size_t bytes, int step) {
  for (std::size_t i = bytes; i-- > 0;) {
    const int sum = address[i] + step;
    address[i] = static_cast<std::uint8_t>(sum);
    if (sum >= 0 && sum <= 255) break;
  }
  return address;
}

Address LastOf(const Prefix& prefix) {
  Address address = prefix.address();
  for (int i = prefix.length(); i < AddressBits(prefix.family()); ++i) {
    address[static_cast<std::size_t>(i / 8)] |=
        static_cast<std::uint8_t>(0x80 >> i % 8);
  }
  return address;
}

}  // namespace

SourceMeaning MeaningOf(const std::vector<SourceRule>& rules,
                        const Prefix& host) {
  std::vector<SourceRule> covering;
  for (const SourceRule& rule : rules) {
    if (Covers(rule.prefix, host)) covering.push_back(rule);
  }
  std::sort(covering.begin(), covering.end(),
            [](const SourceRule& a, const SourceRule& b) {
              return a.prefix.length() < b.prefix.length();
            });
  SourceMeaning meaning;
  for (const SourceRule& rule : covering) {
    meaning = policy::Narrow(meaning, rule);
  }
  return meaning;
}

std::vector<Prefix> BoundaryHosts(const std::vector<SourceRule>& rules) {
  std::vector<Prefix> hosts;
  for (const SourceRule& rule : rules) {
    const int bits = AddressBits(rule.prefix.family());
    const auto bytes = static_cast<std::size_t>(bits) / 8;
    const Address first = rule.prefix.address();
    const Address last = LastOf(rule.prefix);
    for (const Address& address :
         {Step(first, bytes, -1), first, last, Step(last, bytes, 1)}) {
      const auto host = Prefix::FromBytes(
          std::string_view(reinterpret_cast<const char*>(address.data()),
                           bytes),
          static_cast<std::uint32_t>(bits));
      // IPv4-mapped addresses are no IPv6 prefixes.
      if (host.ok()) hosts.push_back(*host);
    }
  }
  return hosts;
}

}  // namespace fwagent::testing
