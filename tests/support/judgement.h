// What becomes of one packet.
#ifndef FWAGENT_TESTS_SUPPORT_JUDGEMENT_H_
#define FWAGENT_TESTS_SUPPORT_JUDGEMENT_H_

#include <ostream>

#include "bpf/fw_abi.h"

namespace fwagent::testing {

struct Judgement {
  fw_verdict verdict;
  fw_reason reason;
  bool operator==(const Judgement&) const = default;
};
// "drop, port-blocked", in the names of docs/packets.md.
void PrintTo(const Judgement& judgement, std::ostream* out);

constexpr Judgement Passed(fw_reason reason) {
  return {FW_VERDICT_PASS, reason};
}
constexpr Judgement Dropped(fw_reason reason) {
  return {FW_VERDICT_DROP, reason};
}

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_JUDGEMENT_H_
