#include "tests/bench/candidate.h"

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
    {"parse_only", false, Any, LoadParseOnly},
    {"trie", true, Any, LoadTrie},
    {"hash", true, HostsOnly, LoadHash},
    {"dir24", false, IPv4Only, LoadDir24},
    {"poptrie", false, Any, LoadPoptrie},
    {"ours", false, Any, LoadOurs},
    {"ours+rule", false, Any, LoadOursWithRule},
};

}  // namespace

std::span<const CandidateKind> CandidateKinds() { return kKinds; }

std::unique_ptr<Candidate> LoadParseOnly(const RuleSet& set) {
  auto object =
      std::make_unique<CandidateObject<candidate_parse_only>>(set.family);
  object->Load();
  return object;
}

}  // namespace fwagent::bench
