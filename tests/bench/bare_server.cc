// The least that a gRPC server can do: GetStats with an answer made beforehand,
// of the size that the agent's has with one interface. What the agent's own
// rate is compared to.
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <cstdio>

#include "fwagent/v1/firewall_service.grpc.pb.h"

namespace {

class BareService final : public fwagent::v1::FirewallService::Service {
 public:
  BareService() {
    auto* interface = answer_.add_interfaces();
    interface->set_name("eth0");
    for (int i = 0; i < 12; ++i) {
      auto* counter = interface->add_counters();
      counter->set_verdict(fwagent::v1::VERDICT_PASS);
      counter->set_reason(fwagent::v1::REASON_NO_MATCH);
      if (i > 2) continue;
      counter->set_packets(100'000);
      counter->set_bytes(10'000'000);
    }
  }

  grpc::Status GetStats(grpc::ServerContext*,
                        const fwagent::v1::GetStatsRequest*,
                        fwagent::v1::GetStatsResponse* response) override {
    *response = answer_;
    return grpc::Status::OK;
  }

 private:
  fwagent::v1::GetStatsResponse answer_;
};

}  // namespace

// Argument: the address to listen on, as in unix:/path. Ends by a signal.
int main(int argc, char** argv) {
  if (argc != 2) return 2;
  BareService service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(argv[1], grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::fputs("bare server ready\n", stderr);
  server->Wait();
  return 0;
}
