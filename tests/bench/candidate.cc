#include "tests/bench/candidate.h"

#include <algorithm>

#include "candidate_one_load.skel.h"
#include "candidate_parse_only.skel.h"
#include "tests/bench/candidate_object.h"

namespace fwagent::bench {
namespace {

bool Any(const RuleSet&) { return true; }
bool HostsOnly(const RuleSet& set) { return set.hosts_only; }
bool IPv4Only(const RuleSet& set) {
  return set.family == policy::Family::kIPv4;
}

constexpr CandidateKind kKinds[] = {
    {"parse_only", false, Any, false, LoadParseOnly},
    {"one_load", false, Any, false, LoadOneLoad},
    {"trie", true, Any, true, LoadTrie},
    {"hash", true, HostsOnly, true, LoadHash},
    {"dir24", false, IPv4Only, true, LoadDir24},
    {"poptrie", false, Any, true, LoadPoptrie},
    {"ours", false, Any, true, LoadOurs},
    {"ours+rule", false, Any, true, LoadOursWithRule},
};

}  // namespace

std::span<const CandidateKind> CandidateKinds() { return kKinds; }

std::unique_ptr<Candidate> LoadParseOnly(const RuleSet& set) {
  auto object =
      std::make_unique<CandidateObject<candidate_parse_only>>(set.family);
  object->Load();
  return object;
}

// Four bytes for each rule of IPv4; of IPv6 the address and as many.
std::unique_ptr<Candidate> LoadOneLoad(const RuleSet& set) {
  constexpr std::size_t kLineBytes = 64;
  const std::size_t bytes = set.family == policy::Family::kIPv6 ? 20 : 4;
  const std::size_t lines =
      std::max<std::size_t>(set.rules.size() * bytes / kLineBytes, 1);
  auto object =
      std::make_unique<CandidateObject<candidate_one_load>>(set.family);
  object->Resize((*object)->maps.lines, lines);
  (*object)->rodata->line_count = static_cast<std::uint32_t>(lines);
  object->Load();
  return object;
}

}  // namespace fwagent::bench
