// The services that every gRPC tool expects. Their .proto files are not
// packaged, so the messages are written as bytes.
#include <gmock/gmock.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>
#include <gtest/gtest.h>

#include <chrono>

#include "agent/dataplane/memory_data_plane.h"
#include "agent/service/server.h"
#include "tests/support/fake_clocks.h"
#include "tests/support/memory_store.h"

namespace fwagent::service {
namespace {

using ::testing::HasSubstr;

class StandardServicesTest : public ::testing::Test {
 protected:
  StandardServicesTest() {
    auto engine = core::Engine::Start(&store_, &kernel_, clocks_.Get());
    EXPECT_TRUE(engine.ok());
    engine_ = *std::move(engine);
    keeper_ = std::make_unique<core::InterfaceKeeper>(
        engine_.get(), std::vector<std::string>(),
        [](const std::string&) { return dataplane::ModePreference::kAuto; });
    auto server =
        Server::Start(engine_.get(), keeper_.get(), {.version = "1"}, nullptr);
    EXPECT_TRUE(server.ok());
    server_ = *std::move(server);
  }

  // One request and its first answer; empty when the call failed.
  std::string Call(const std::string& method, const std::string& request) {
    grpc::GenericStub stub(server_->InProcessChannel());
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(20));
    grpc::CompletionQueue queue;
    const auto call = stub.PrepareCall(&context, method, &queue);
    // Whether the step that was just started succeeded.
    const auto done = [&queue] {
      void* tag = nullptr;
      bool ok = false;
      return queue.Next(&tag, &ok) && ok;
    };
    call->StartCall(nullptr);
    EXPECT_TRUE(done());
    const grpc::Slice slice(request);
    call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
    EXPECT_TRUE(done());
    grpc::ByteBuffer answer;
    call->Read(&answer, nullptr);
    std::string bytes;
    if (done()) {
      std::vector<grpc::Slice> slices;
      EXPECT_TRUE(answer.Dump(&slices).ok());
      for (const grpc::Slice& part : slices) {
        bytes.append(reinterpret_cast<const char*>(part.begin()), part.size());
      }
    }
    context.TryCancel();
    grpc::Status status;
    call->Finish(&status, nullptr);
    done();
    return bytes;
  }

  fwagent::testing::FakeClocks clocks_;

  fwagent::testing::MemoryStore store_;
  dataplane::MemoryDataPlane kernel_;
  std::unique_ptr<core::Engine> engine_;
  std::unique_ptr<core::InterfaceKeeper> keeper_;
  std::unique_ptr<Server> server_;
};

// HealthCheckRequest.service is field 1, and so is HealthCheckResponse.status,
// of which SERVING is 1.
TEST_F(StandardServicesTest, HealthSaysServing) {
  const std::string method = "/grpc.health.v1.Health/Check";
  const std::string name = "fwagent.v1.FirewallService";
  const std::string serving("\x08\x01", 2);
  EXPECT_EQ(Call(method, ""), serving);
  EXPECT_EQ(
      Call(method,
           "\x0a" + std::string(1, static_cast<char>(name.size())) + name),
      serving);
  EXPECT_EQ(Call(method, "\x0a\x05other"), "") << "no such service";
}

// ServerReflectionRequest.list_services is field 7.
TEST_F(StandardServicesTest, ReflectionListsTheFirewall) {
  const std::string answer =
      Call("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
           std::string("\x3a\x00", 2));
  EXPECT_THAT(answer, HasSubstr("fwagent.v1.FirewallService"));
  EXPECT_THAT(answer, HasSubstr("grpc.health.v1.Health"));
}

}  // namespace
}  // namespace fwagent::service
