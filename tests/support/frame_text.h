// Frames and rules in reports of failures.
#ifndef FWAGENT_TESTS_SUPPORT_FRAME_TEXT_H_
#define FWAGENT_TESTS_SUPPORT_FRAME_TEXT_H_

#include <string>

#include "tests/support/packet.h"
#include "tests/support/reference_filter.h"

namespace fwagent::testing {

// Each rule behind a space: " block 192.0.2.0/24 block protocol 6 port 80-81".
std::string RulesToText(const ReferenceRules& rules);

// As hexdump, each line behind a line feed: a star for lines like the one
// above.
std::string ToHex(const Bytes& frame);

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_FRAME_TEXT_H_
