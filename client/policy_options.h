// The command line of what is about whole documents.
#ifndef FWAGENT_CLIENT_POLICY_OPTIONS_H_
#define FWAGENT_CLIENT_POLICY_OPTIONS_H_

#include "client/arguments.h"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own
class App;
}  // namespace CLI

namespace fwagent::client {

// apply, diff and export. Fills in `arguments`, which must outlive the parser.
void AddPolicyCommands(CLI::App& app, Arguments& arguments);

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_POLICY_OPTIONS_H_
