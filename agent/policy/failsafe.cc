#include "agent/policy/failsafe.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace fwagent::policy {
namespace {

absl::Status NoPorts(std::string_view text) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", std::string(text),
                   "\" are no ports of a protocol, as in 22/tcp or "
                   "8000-8100/udp"));
}

absl::StatusOr<PortRange> ParsePorts(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  if (parts.size() != 2) return NoPorts(text);
  const auto protocol = std::find_if(
      kProtocols.begin(), kProtocols.end(),
      [&parts](Protocol one) { return ProtocolName(one) == parts[1]; });
  const std::vector<std::string> ports = absl::StrSplit(parts[0], '-');
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  if (protocol == kProtocols.end() || ports.size() > 2 ||
      !absl::SimpleAtoi(ports.front(), &first) ||
      !absl::SimpleAtoi(ports.back(), &last)) {
    return NoPorts(text);
  }
  return PortRange::Create(*protocol, first, last);
}

absl::StatusOr<std::vector<Prefix>> ParseSources(const std::string& text) {
  if (text == "any") {
    return std::vector<Prefix>{*Prefix::Parse("0.0.0.0/0"),
                               *Prefix::Parse("::/0")};
  }
  auto prefix = Prefix::Parse(text);
  if (!prefix.ok()) return prefix.status();
  return std::vector<Prefix>{*prefix};
}

bool Saves(const FailsafeEntry& entry, const PacketFacts& facts) {
  const Prefix& host = *facts.source;
  if (host.family() != entry.sources.family() ||
      host.Shortened(entry.sources.length()) != entry.sources) {
    return false;
  }
  if (!entry.ports.has_value()) return true;
  return facts.protocol == entry.ports->protocol() &&
         facts.port_host.has_value() &&
         entry.ports->first() <= *facts.port_host &&
         *facts.port_host <= entry.ports->last();
}

}  // namespace

absl::StatusOr<std::vector<FailsafeEntry>> ParseFailsafe(
    std::string_view text) {
  const std::vector<std::string> words = absl::StrSplit(
      std::string(text), absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (words.empty() || words.size() > 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", std::string(text),
                     "\" is no failsafe entry: write sources and, if need be, "
                     "ports, as in \"198.51.100.0/24 22/tcp\""));
  }
  const auto sources = ParseSources(words[0]);
  if (!sources.ok()) return sources.status();
  FailsafeEntry entry;
  if (words.size() == 2) {
    const auto ports = ParsePorts(words[1]);
    if (!ports.ok()) return ports.status();
    entry.ports = *ports;
  }
  std::vector<FailsafeEntry> entries;
  for (const Prefix& prefix : *sources) {
    entry.sources = prefix;
    entries.push_back(entry);
  }
  return entries;
}

std::string FailsafeToString(const FailsafeEntry& entry) {
  const std::string sources = entry.sources.ToString();
  return entry.ports.has_value()
             ? absl::StrCat(sources, " ", entry.ports->ToString())
             : sources;
}

bool IsFailsafe(const std::vector<FailsafeEntry>& entries,
                const PacketFacts& facts) {
  if (!facts.source.has_value()) return false;
  return std::any_of(
      entries.begin(), entries.end(),
      [&facts](const FailsafeEntry& entry) { return Saves(entry, facts); });
}

}  // namespace fwagent::policy
