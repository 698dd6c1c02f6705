// Which fwctl this is.
#ifndef FWAGENT_CLIENT_VERSION_H_
#define FWAGENT_CLIENT_VERSION_H_

#include <string>

namespace fwagent::client {

// As in "0.1.0".
std::string ClientVersion();

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_VERSION_H_
