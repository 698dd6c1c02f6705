// A client that replaces a long list again and again, and remembers how far it
// came.
#ifndef FWAGENT_TESTS_TORTURE_SET_CALLER_H_
#define FWAGENT_TESTS_TORTURE_SET_CALLER_H_

#include <cstdint>
#include <latch>
#include <memory>
#include <string>
#include <vector>

#include "fwagent/v1/set_service.grpc.pb.h"
#include "tests/torture/target.h"

namespace fwagent::testing {

struct SetCallerCounts {
  std::uint64_t acknowledged = 0;
  std::uint64_t open_and_done = 0;      // no answer came, and it is there
  std::uint64_t open_and_not_done = 0;  // no answer came, and it is not there
};

// Imports one set, in versions that have no entry in common. What went wrong is
// in problems().
class SetCaller {
 public:
  explicit SetCaller(std::string address) : address_(std::move(address)) {}

  // As Caller.
  void WorkUntilTheAgentDies(std::latch& connected);

  // The set must be the version that was acknowledged last, or the one that was
  // tried after it, to the last entry; and the kernel must drop packets of that
  // one and pass those of the other.
  void Check(Wire& wire);

  const SetCallerCounts& counts() const { return counts_; }
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  using Stub = fwagent::v1::SetService::Stub;

  std::unique_ptr<Stub> Connect(bool& is_connected) const;
  void CheckEnforced(Wire& wire, std::uint64_t version, bool blocked);

  const std::string address_;
  std::uint64_t acknowledged_ = 0;  // 0: there is no set yet
  std::uint64_t tried_ = 0;
  SetCallerCounts counts_;
  std::vector<std::string> problems_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_TORTURE_SET_CALLER_H_
