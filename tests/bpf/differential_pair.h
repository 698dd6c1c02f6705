// The program and a plain reference, side by side.
#ifndef FWAGENT_TESTS_BPF_DIFFERENTIAL_PAIR_H_
#define FWAGENT_TESTS_BPF_DIFFERENTIAL_PAIR_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/bpf/differential_mode.h"
#include "tests/bpf/filter.h"
#include "tests/support/packet.h"
#include "tests/support/reference_filter.h"

namespace fwagent::testing {

// Both get the same rules, and then the same frames.
class DifferentialPair {
 public:
  struct Comparison {
    Judgement program;
    Judgement reference;
    bool is_same = false;
  };

  static absl::StatusOr<std::unique_ptr<DifferentialPair>> Load(
      const Mode& mode);

  // What both remember of frames stays. The program gets ordered rules as the
  // agent's own code puts them together.
  absl::Status SetRules(const ReferenceRules& rules);
  // The same with rules that nobody has seen before: with full limits.
  absl::Status SetNewRules(ReferenceRules rules);

  Comparison Compare(const Bytes& frame);
  // Where the two do not agree on how much each rule counted since it is there;
  // empty: nowhere.
  absl::StatusOr<std::string> HitsThatDiffer() const;

 private:
  DifferentialPair(const Mode& mode, Filter filter);

  std::uint64_t PacketsCountedBy(policy::RuleId rule) const;

  Filter filter_;
  ReferenceFilter reference_;
  policy::RuleId next_new_id_ = policy::RuleId{1} << 40;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_BPF_DIFFERENTIAL_PAIR_H_
