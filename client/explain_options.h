// The command line of `fwctl explain`.
#ifndef FWAGENT_CLIENT_EXPLAIN_OPTIONS_H_
#define FWAGENT_CLIENT_EXPLAIN_OPTIONS_H_

#include "absl/status/status.h"
#include "client/arguments.h"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own
class App;
}  // namespace CLI

namespace fwagent::client {

// Adds the command; its options end up in `arguments`, which must outlive the
// parser.
void AddExplain(CLI::App& app, Arguments& arguments);

// After its parse: what CLI11 cannot say.
absl::Status CheckExplain(const Arguments& arguments);

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_EXPLAIN_OPTIONS_H_
