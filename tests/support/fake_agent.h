// A whole agent for tests of its clients: the fake services behind a socket.
#ifndef FWAGENT_TESTS_SUPPORT_FAKE_AGENT_H_
#define FWAGENT_TESTS_SUPPORT_FAKE_AGENT_H_

#include <grpcpp/server.h>

#include <memory>
#include <string>

#include "tests/support/fake_firewall_service.h"
#include "tests/support/fake_set_service.h"
#include "tests/support/temp_dir.h"

namespace fwagent::testing {

// Listens from construction to destruction, on a Unix socket in a folder of its
// own. Aborts the test program when it cannot.
class FakeAgent {
 public:
  FakeAgent();
  ~FakeAgent();

  FakeFirewallService& service() { return service_; }
  FakeSetService& sets() { return sets_; }
  std::string socket_path() const { return dir_ / "agent.sock"; }
  // "unix:/...".
  std::string address() const { return "unix:" + socket_path(); }

 private:
  TempDir dir_;
  FakeFirewallService service_;
  FakeSetService sets_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_FAKE_AGENT_H_
