// Calls to a real agent, from the test's own process.
#ifndef FWAGENT_TESTS_TORTURE_AGENT_CLIENT_H_
#define FWAGENT_TESTS_TORTURE_AGENT_CLIENT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "fwagent/v1/firewall_service.grpc.pb.h"
#include "tests/torture/target.h"

namespace fwagent::testing {

struct Toggle {
  const Target* target = nullptr;
  bool block = true;

  bool operator==(const Toggle&) const = default;
};

// One request. Several toggles, all of sources, are one ChangeSources.
struct Operation {
  std::vector<Toggle> toggles;
  std::string request_id;
};

struct Answer {
  std::vector<std::string> rules;  // serialized
  std::uint64_t generation = 0;

  bool operator==(const Answer&) const = default;
};

struct Listing {
  std::map<std::string, std::string> rules;  // serialized, by name of the match
  std::uint64_t generation = 0;
};

// A connection of its own.
class AgentClient {
 public:
  explicit AgentClient(const std::string& address);

  bool WaitUntilConnected();
  // UNAVAILABLE: the agent went away.
  absl::StatusOr<Answer> Send(const Operation& operation);
  absl::StatusOr<Listing> List();
  // Blocks host addresses by several changes; they count up from 20.0.0.0.
  absl::Status BlockHosts(std::uint32_t count);

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::FirewallService::Stub> stub_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_TORTURE_AGENT_CLIENT_H_
