#include "tests/support/service_fixture.h"

#include <grpcpp/support/error_details.h>

#include <chrono>
#include <utility>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace fwagent::testing {
namespace {

struct Details {
  std::vector<std::string> fields;
  std::string reason;
};

Details DetailsOf(const grpc::Status& status) {
  Details details;
  google::rpc::Status wire;
  EXPECT_TRUE(grpc::ExtractErrorDetails(status, &wire).ok());
  for (const auto& any : wire.details()) {
    google::rpc::BadRequest bad_request;
    google::rpc::ErrorInfo info;
    if (any.UnpackTo(&bad_request)) {
      for (const auto& violation : bad_request.field_violations()) {
        details.fields.push_back(violation.field());
        EXPECT_FALSE(violation.description().empty());
      }
    } else if (any.UnpackTo(&info)) {
      details.reason = info.reason();
      EXPECT_EQ(info.domain(), "fwagent");
    }
  }
  return details;
}

}  // namespace

ServiceFixture::ServiceFixture(std::uint64_t max_sources)
    : kernel_({.max_sources = max_sources}) {
  auto engine = core::Engine::Start(&store_, &kernel_, clocks_.Get());
  EXPECT_TRUE(engine.ok()) << engine.status();
  engine_ = *std::move(engine);
  keeper_ = std::make_unique<core::InterfaceKeeper>(
      engine_.get(), std::vector<std::string>(),
      [](const std::string&) { return dataplane::ModePreference::kAuto; });
  auto server = service::Server::Start(
      engine_.get(), keeper_.get(),
      {.version = "9.8.7", .failsafe = {"198.51.100.0/24 22/tcp"}}, nullptr,
      [this](const service::Peer&) { return lifelines_; });
  EXPECT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
}

std::shared_ptr<grpc::Channel> ServiceFixture::Channel() {
  return server_->InProcessChannel();
}

std::unique_ptr<grpc::ClientContext> ServiceFixture::Context() {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() +
                        std::chrono::seconds(20));
  return context;
}

void ServiceFixture::ExpectViolations(const grpc::Status& status,
                                      const std::vector<std::string>& fields) {
  ASSERT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT)
      << status.error_message();
  const Details details = DetailsOf(status);
  EXPECT_EQ(details.reason, "INVALID_FIELD");
  EXPECT_EQ(details.fields, fields) << status.error_message();
  EXPECT_EQ(store_.commits(), 0);
  EXPECT_THAT(KernelSources(), ::testing::IsEmpty());
}

std::string ServiceFixture::ReasonOf(const grpc::Status& status) {
  return DetailsOf(status).reason;
}

std::vector<policy::SourceRule> ServiceFixture::KernelSources() {
  auto read = kernel_.ReadSources();
  EXPECT_TRUE(read.ok() && read->has_value());
  return read.ok()
             ? std::move(*read).value_or(std::vector<policy::SourceRule>())
             : std::vector<policy::SourceRule>();
}

}  // namespace fwagent::testing
