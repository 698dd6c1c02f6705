#include "tests/support/judgement.h"

#include <string_view>

namespace fwagent::testing {
namespace {

std::string_view NameOf(fw_reason reason) {
  switch (reason) {
    case FW_REASON_NO_MATCH:
      return "no-match";
    case FW_REASON_NOT_IP:
      return "not-ip";
    case FW_REASON_SOURCE_BLOCKED:
      return "source-blocked";
    case FW_REASON_PORT_BLOCKED:
      return "port-blocked";
    case FW_REASON_MALFORMED_IP:
      return "malformed-ip";
    case FW_REASON_MALFORMED_TRANSPORT:
      return "malformed-transport";
    case FW_REASON_TOO_DEEP:
      return "too-deep";
    case FW_REASON_FRAGMENT:
      return "fragment";
    case FW_REASON_NEIGHBOR_DISCOVERY:
      return "neighbor-discovery";
    case FW_REASON_DEFAULT:
      return "default";
    case FW_REASON_ESSENTIAL:
      return "essential";
    case FW_REASON_FAILSAFE:
      return "failsafe";
    case FW_REASON_SOURCE_ALLOWED:
      return "source-allowed";
    case FW_REASON_RULE:
      return "rule";
    case FW_REASON_LIMIT:
      return "limit";
    default:
      return "no reason";
  }
}

}  // namespace

void PrintTo(const Judgement& judgement, std::ostream* out) {
  const char* verdict = "pass";
  if (judgement.verdict == FW_VERDICT_DROP) verdict = "drop";
  if (judgement.verdict == FW_VERDICT_REJECT) verdict = "reject";
  if (judgement.verdict == FW_VERDICT_SHADOWED) verdict = "would drop";
  *out << verdict << ", " << NameOf(judgement.reason);
}

}  // namespace fwagent::testing
