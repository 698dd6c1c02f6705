// What all source tables do, wherever they are: one suite of tests, which each
// world runs. The tests are in the files source_world_*_contract.cc.
#ifndef FWAGENT_TESTS_SUPPORT_SOURCE_WORLD_CONTRACT_H_
#define FWAGENT_TESTS_SUPPORT_SOURCE_WORLD_CONTRACT_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <ostream>
#include <string>

#include "tests/support/source_trial.h"
#include "tests/support/source_world.h"

namespace fwagent::testing {

struct SourceWorldCase {
  SourceWorldFactory make;
  int operations;  // of one random sequence
  int seeds;
};
inline void PrintTo(const SourceWorldCase& row, std::ostream* out) {
  *out << row.seeds << " sequences of " << row.operations;
}

// The tables are empty.
class SourceWorldContract : public ::testing::TestWithParam<SourceWorldCase> {
 protected:
  void SetUp() override;

  // `length` bits of an address, then zeros.
  static policy::Prefix P(const std::string& address, int length);
  policy::SourceRule Block(const policy::Prefix& prefix);
  policy::SourceRule Allow(const policy::Prefix& prefix);
  policy::SourceRule Classify(const policy::Prefix& prefix, int which);

  // Starts anew, with empty tables.
  void MakeWorld(std::uint64_t seed);
  SourceTrial& trial() { return *trial_; }
  // As many sequences of changes that nobody thought of as the case says.
  void RunAtRandom(const RuleMix& mix);

 private:
  policy::SourceRule Rule(const policy::Prefix& prefix,
                          policy::SourceVerdict verdict);

  std::unique_ptr<SourceWorld> world_;
  std::unique_ptr<SourceTrial> trial_;
  policy::RuleId last_id_ = 0;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_SOURCE_WORLD_CONTRACT_H_
