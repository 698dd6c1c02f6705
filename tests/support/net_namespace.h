// Network namespaces and veth pairs that a test makes for itself.
#ifndef FWAGENT_TESTS_SUPPORT_NET_NAMESPACE_H_
#define FWAGENT_TESTS_SUPPORT_NET_NAMESPACE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/util/scoped_fd.h"

namespace fwagent::testing {

// A namespace without a name: it is gone, with every device in it, when the
// last process in it and this object are gone.
class NetNamespace {
 public:
  // A new one with lo up. PERMISSION_DENIED without CAP_SYS_ADMIN.
  static absl::StatusOr<NetNamespace> Create();

  int fd() const { return fd_.get(); }
  // For ip(8), nsenter(1) and ProcessOptions::netns_path, while this lives.
  std::string path() const;

  // Runs ip(8) in it; the error has what ip printed.
  absl::Status Ip(const std::vector<std::string>& arguments) const;

 private:
  explicit NetNamespace(util::ScopedFd fd) : fd_(std::move(fd)) {}

  util::ScopedFd fd_;
};

// Puts the calling thread, and what it starts, in a namespace until the end of
// the scope. Aborts the test program when the kernel refuses.
class InNetNamespace {
 public:
  explicit InNetNamespace(const NetNamespace& net_namespace);
  ~InNetNamespace();
  InNetNamespace(const InNetNamespace&) = delete;
  InNetNamespace& operator=(const InNetNamespace&) = delete;

 private:
  util::ScopedFd before_;
};

// Joins two namespaces, which may be one, with a veth pair; both ends are up.
absl::Status AddVethPair(const NetNamespace& left, const std::string& left_name,
                         const NetNamespace& right,
                         const std::string& right_name);

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_SUPPORT_NET_NAMESPACE_H_
