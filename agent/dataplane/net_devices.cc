#include "agent/dataplane/net_devices.h"

#include <bpf/libbpf.h>
#include <net/if.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "agent/util/errno_status.h"

namespace fwagent::dataplane {

std::uint32_t InterfaceIndex(const std::string& name) {
  return if_nametoindex(name.c_str());
}

std::string InterfaceName(std::uint32_t ifindex) {
  char name[IF_NAMESIZE];
  return if_indextoname(ifindex, name) == nullptr ? "" : name;
}

std::vector<std::string> InterfaceNames() {
  const std::unique_ptr<struct if_nameindex, decltype(&if_freenameindex)> list(
      if_nameindex(), &if_freenameindex);
  std::vector<std::string> names;
  if (list == nullptr) return names;
  for (const struct if_nameindex* i = list.get(); i->if_name != nullptr; ++i) {
    names.emplace_back(i->if_name);
  }
  return names;
}

AttachMode XdpPrograms::ModeOf(std::uint32_t program_id) const {
  if (program_id == 0) return AttachMode::kNone;
  if (program_id == native_id || program_id == offloaded_id) {
    return AttachMode::kNative;
  }
  return program_id == generic_id ? AttachMode::kGeneric : AttachMode::kNone;
}

std::uint32_t XdpPrograms::Any() const {
  if (native_id != 0) return native_id;
  return generic_id != 0 ? generic_id : offloaded_id;
}

absl::StatusOr<XdpPrograms> QueryXdp(std::uint32_t ifindex) {
  bpf_xdp_query_opts options{};
  options.sz = sizeof(options);
  const int error = bpf_xdp_query(static_cast<int>(ifindex), 0, &options);
  if (error != 0) {
    return util::ErrnoToStatus(
        error,
        absl::StrCat("ask which XDP programs interface ", ifindex, " carries"));
  }
  return XdpPrograms{.native_id = options.drv_prog_id,
                     .generic_id = options.skb_prog_id,
                     .offloaded_id = options.hw_prog_id};
}

}  // namespace fwagent::dataplane
