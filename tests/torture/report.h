// The rows of the table that tests/torture/run.sh prints.
#ifndef FWAGENT_TESTS_TORTURE_REPORT_H_
#define FWAGENT_TESTS_TORTURE_REPORT_H_

#include <cstdio>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/torture/steady_stream.h"

namespace fwagent::testing {

// One line on standard output that begins with "torture | ".
inline void ReportRow(const std::string& fault, const std::string& seen) {
  std::printf("torture | %s | %s\n", fault.c_str(), seen.c_str());
  std::fflush(stdout);
}

inline std::string StreamText(const StreamCounts& counts) {
  return absl::StrCat("blocked packets through ", counts.guilty_arrived, " of ",
                      counts.guilty_sent, ", innocent ones lost ",
                      counts.innocent_sent - counts.innocent_arrived, " of ",
                      counts.innocent_sent);
}

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_TORTURE_REPORT_H_
