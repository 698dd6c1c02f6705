// The whole agent but the kernel and the disk, in the test's own process.
#ifndef FWAGENT_TESTS_SUPPORT_SERVICE_FIXTURE_H_
#define FWAGENT_TESTS_SUPPORT_SERVICE_FIXTURE_H_

#include <gmock/gmock.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/dataplane/memory_data_plane.h"
#include "agent/service/server.h"
#include "tests/support/fake_clocks.h"
#include "tests/support/memory_store.h"

namespace fwagent::testing {

// An agent whose tables take so many prefixes of either family, and a way in by
// gRPC.
class ServiceFixture : public ::testing::Test {
 protected:
  static constexpr std::size_t kMaxSources = 8;

  explicit ServiceFixture(std::uint64_t max_sources = kMaxSources);

  std::shared_ptr<grpc::Channel> Channel();
  static std::unique_ptr<grpc::ClientContext> Context();

  // Refused with exactly these fields named, and nothing was ever written to
  // store or kernel.
  void ExpectViolations(const grpc::Status& status,
                        const std::vector<std::string>& fields);
  // Of google.rpc.ErrorInfo.
  static std::string ReasonOf(const grpc::Status& status);

  // Of the policy in force.
  std::string Etag() const { return engine_->GetStatus().etag; }
  // What the kernel holds.
  std::vector<policy::SourceRule> KernelSources();

  // Who must not be cut off by any call.
  std::vector<core::Lifeline> lifelines_;
  FakeClocks clocks_{absl::FromUnixMicros(1'700'000'000'123'456)};
  MemoryStore store_;
  dataplane::MemoryDataPlane kernel_;
  std::unique_ptr<core::Engine> engine_;
  std::unique_ptr<core::InterfaceKeeper> keeper_;
  std::unique_ptr<service::Server> server_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_SERVICE_FIXTURE_H_
