#include "client/version.h"

namespace fwagent::client {

std::string ClientVersion() { return FWCTL_VERSION; }

}  // namespace fwagent::client
