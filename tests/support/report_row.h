// What a fault showed, for the table that tests/torture/run.sh prints.
#ifndef FWAGENT_TESTS_SUPPORT_REPORT_ROW_H_
#define FWAGENT_TESTS_SUPPORT_REPORT_ROW_H_

#include <cstdio>
#include <string>

namespace fwagent::testing {

// One line on standard output that begins with "torture | ".
inline void ReportRow(const std::string& fault, const std::string& seen) {
  std::printf("torture | %s | %s\n", fault.c_str(), seen.c_str());
  std::fflush(stdout);
}

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_REPORT_ROW_H_
