#include "tests/bench/arguments.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

namespace fwagent::bench {

Arguments ParseArguments(const std::string& what, int argc, char** argv) {
  Arguments arguments;
  CLI::App app(what);
  app.add_option("--filter", arguments.filter,
                 "only rule sets whose names contain this");
  app.add_flag("--quick", arguments.quick, "fewer rounds");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return arguments;
}

}  // namespace fwagent::bench
