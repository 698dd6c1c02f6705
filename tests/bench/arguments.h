// The command line of the benchmarks that have no framework.
#ifndef FWAGENT_TESTS_BENCH_ARGUMENTS_H_
#define FWAGENT_TESTS_BENCH_ARGUMENTS_H_

#include <string>

namespace fwagent::bench {

struct Arguments {
  std::string filter;  // rule sets whose names contain this
  bool quick = false;  // fewer rounds

  bool Wants(const std::string& name) const {
    return name.find(filter) != std::string::npos;
  }
};

// Ends the process after --help and on errors.
Arguments ParseArguments(const std::string& what, int argc, char** argv);

}  // namespace fwagent::bench

#endif  // FWAGENT_TESTS_BENCH_ARGUMENTS_H_
