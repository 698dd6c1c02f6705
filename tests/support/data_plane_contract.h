// What every data plane does, whatever is below it: one suite of tests, which
// each implementation runs in a world of its own. The tests are in the files
// data_plane_*_contract.cc.
#ifndef FWAGENT_TESTS_SUPPORT_DATA_PLANE_CONTRACT_H_
#define FWAGENT_TESTS_SUPPORT_DATA_PLANE_CONTRACT_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/dataplane/data_plane.h"

namespace fwagent::testing {

// A data plane, and the kernel below it as the test wants it. A world that
// cannot do what it is told fails the test.
class DataPlaneWorld {
 public:
  // Room for source prefixes of each family.
  static constexpr std::uint64_t kMaxSources = 4;

  virtual ~DataPlaneWorld() = default;

  virtual dataplane::DataPlane& plane() = 0;
  // Ends the agent and starts it again. References to plane() are void.
  virtual void Restart() = 0;

  // What a packet from this address, given as a host prefix, meets. What
  // ReadSources says, in a world without packets.
  virtual policy::SourceMeaning MeaningOf(const policy::Prefix& host);

  // Native: its driver takes XDP programs.
  virtual void AddInterface(const std::string& name, bool native) = 0;
  virtual void RemoveInterface(const std::string& name) = 0;
  virtual void RenameInterface(const std::string& name,
                               const std::string& new_name) = 0;
  // Moves a device to another network namespace, and back.
  virtual void MoveAway(const std::string& name) = 0;
  virtual void MoveBack(const std::string& name) = 0;
  // Takes our program off behind our back.
  virtual void SeverLink(const std::string& name) = 0;
  // Removes the pin of a guarded interface.
  virtual void LosePin(const std::string& name) = 0;
  // Somebody else's program; kNone takes it off.
  virtual void SetForeignProgram(const std::string& name,
                                 dataplane::AttachMode mode) = 0;
  virtual bool HasForeignProgram(const std::string& name) = 0;
  // Lets an interface receive packets from 192.0.2.1, which the test has
  // blocked, and waits until they are counted.
  virtual void ReceiveBlocked(const std::string& name, int packets) = 0;
};

// An error when the machine does not allow it.
using DataPlaneWorldFactory =
    std::function<absl::StatusOr<std::unique_ptr<DataPlaneWorld>>()>;

// The data plane has loaded its sources, which are none.
class DataPlaneContract
    : public ::testing::TestWithParam<DataPlaneWorldFactory> {
 protected:
  void SetUp() override;

  static policy::Prefix P(const char* text);
  static policy::SourceRule Block(const char* prefix, policy::RuleId id);
  static policy::SourceRule Allow(const char* prefix, policy::RuleId id);
  // A table that blocks one port.
  static policy::PortTable TableWith(std::uint16_t port, policy::RuleId rule);

  dataplane::DataPlane& plane() { return world_->plane(); }
  // Expects that exactly these rules are enforced and read back: that at every
  // place where their meaning, or that of `others`, may change, addresses mean
  // what the rules say.
  void ExpectSources(const std::vector<policy::SourceRule>& rules,
                     const std::vector<policy::SourceRule>& others = {});
  // The state of one interface; a name that is not guarded fails the test.
  dataplane::InterfaceState StateOf(const std::string& name);
  // Packets dropped because of their source.
  std::uint64_t DropsOn(const std::string& name);

  std::unique_ptr<DataPlaneWorld> world_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_DATA_PLANE_CONTRACT_H_
