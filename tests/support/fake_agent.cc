#include "tests/support/fake_agent.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <cstdlib>

namespace fwagent::testing {

FakeAgent::FakeAgent() {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address(), grpc::InsecureServerCredentials());
  builder.RegisterService(&service_);
  builder.RegisterService(&sets_);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) std::abort();
}

FakeAgent::~FakeAgent() {
  service_.Release();
  server_->Shutdown(std::chrono::system_clock::now());
}

}  // namespace fwagent::testing
