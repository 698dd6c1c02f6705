// The structures that were tried, behind one face.
#ifndef FWAGENT_TESTS_BENCH_CANDIDATE_H_
#define FWAGENT_TESTS_BENCH_CANDIDATE_H_

#include <cstdint>
#include <memory>
#include <span>

#include "agent/policy/prefix.h"
#include "tests/bench/rules.h"
#include "tests/bench/streams.h"

namespace fwagent::bench {

// A rule set in a table in the kernel, with the XDP program that asks it: drop
// for a hit, pass for a miss, and nothing else.
class Candidate {
 public:
  virtual ~Candidate() = default;

  virtual int ProgramFd() const = 0;
  // What the program answered since the last call.
  virtual Answers TakeAnswers() = 0;
  // Whether its answers name the rule, and not the verdict alone.
  virtual bool TellsRules() const { return true; }
  // Of its tables, as the kernel states it.
  virtual std::uint64_t StatedBytes() const = 0;
};

struct CandidateKind {
  const char* name;
  bool of_the_kernel;  // what a filter that takes the kernel's tables would use
  bool (*can_hold)(const RuleSet&);
  bool looks_up;  // else it answers with the address
  // From sorted memory to a table that a program asks.
  std::unique_ptr<Candidate> (*load)(const RuleSet&);
};

// The first is parse_only, which looks nothing up.
std::span<const CandidateKind> CandidateKinds();

std::unique_ptr<Candidate> LoadParseOnly(const RuleSet& set);
std::unique_ptr<Candidate> LoadOneLoad(const RuleSet& set);
std::unique_ptr<Candidate> LoadTrie(const RuleSet& set);
std::unique_ptr<Candidate> LoadHash(const RuleSet& set);
std::unique_ptr<Candidate> LoadDir24(const RuleSet& set);
std::unique_ptr<Candidate> LoadPoptrie(const RuleSet& set);
std::unique_ptr<Candidate> LoadOurs(const RuleSet& set);
std::unique_ptr<Candidate> LoadOursWithRule(const RuleSet& set);

}  // namespace fwagent::bench

#endif  // FWAGENT_TESTS_BENCH_CANDIDATE_H_
