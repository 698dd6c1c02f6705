// The rows of the table that tests/torture/run.sh prints.
#ifndef FWAGENT_TESTS_TORTURE_REPORT_H_
#define FWAGENT_TESTS_TORTURE_REPORT_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/support/report_row.h"
#include "tests/torture/steady_stream.h"

namespace fwagent::testing {

inline std::string StreamText(const StreamCounts& counts) {
  return absl::StrCat("blocked packets through ", counts.guilty_arrived, " of ",
                      counts.guilty_sent, ", innocent ones lost ",
                      counts.innocent_sent - counts.innocent_arrived, " of ",
                      counts.innocent_sent);
}

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_TORTURE_REPORT_H_
