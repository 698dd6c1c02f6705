// The data plane of the kernel on devices, and in a corner of the BPF file
// system, that the test made.
#ifndef FWAGENT_TESTS_BPF_KERNEL_WORLD_H_
#define FWAGENT_TESTS_BPF_KERNEL_WORLD_H_

#include <map>
#include <memory>
#include <string>

#include "agent/dataplane/libbpf_data_plane.h"
#include "agent/util/scoped_fd.h"
#include "tests/support/data_plane_contract.h"
#include "tests/support/net_namespace.h"
#include "tests/support/pin_root.h"

namespace fwagent::testing {

// While it lives, the thread that made it is in the namespace whose interfaces
// are guarded.
class KernelWorld : public DataPlaneWorld {
 public:
  // An error where BPF or network namespaces are refused.
  static absl::StatusOr<std::unique_ptr<KernelWorld>> Create();
  ~KernelWorld() override;

  dataplane::DataPlane& plane() override { return *plane_; }
  // Aborts the test program when the data plane does not open again.
  void Restart() override;
  // A veth device when it is native, else a bridge.
  void AddInterface(const std::string& name, bool native) override;
  void RemoveInterface(const std::string& name) override;
  void RenameInterface(const std::string& name,
                       const std::string& new_name) override;
  void MoveAway(const std::string& name) override;
  void MoveBack(const std::string& name) override;
  void SeverLink(const std::string& name) override;
  void LosePin(const std::string& name) override;
  void SetForeignProgram(const std::string& name,
                         dataplane::AttachMode mode) override;
  bool HasForeignProgram(const std::string& name) override;
  void ReceiveBlocked(const std::string& name, int packets) override;
  // The same without waiting; any thread.
  void SendBlocked(const std::string& name, int packets) const {
    SendFrames(peers_.at(name), packets);
  }

  // Restart in two halves.
  void Stop() { plane_.reset(); }
  absl::Status Start();

  dataplane::LibbpfDataPlane::Options& options() { return options_; }
  const NetNamespace& inside() const { return inside_; }
  // The path of something below pin_dir.
  std::string Pin(const std::string& name) const {
    return options_.pin_dir + "/" + name;
  }

 private:
  KernelWorld(NetNamespace inside, NetNamespace outside);

  void SendFrames(const std::string& peer, int count) const;

  PinRoot pins_;
  dataplane::LibbpfDataPlane::Options options_;
  NetNamespace inside_;
  NetNamespace outside_;
  InNetNamespace here_;
  util::ScopedFd foreign_program_;
  std::map<std::string, dataplane::AttachMode> foreign_;
  std::map<std::string, std::string> peers_;  // by name of the guarded end
  int devices_made_ = 0;
  std::unique_ptr<dataplane::LibbpfDataPlane> plane_;
};

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_BPF_KERNEL_WORLD_H_
