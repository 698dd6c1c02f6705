#include "agent/dataplane/port_tables.h"

#include <bpf/bpf.h>
#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "agent/dataplane/bpffs.h"
#include "agent/dataplane/errors.h"
#include "agent/dataplane/map_info.h"
#include "agent/dataplane/port_array.h"
#include "agent/util/errno_status.h"
#include "agent/util/log.h"
#include "agent/util/status_macros.h"
#include "bpf/fw_abi.h"

namespace fwagent::dataplane {
namespace {

using policy::Protocol;

static_assert(static_cast<int>(Protocol::kTcp) == FW_PORT_TCP);
static_assert(static_cast<int>(Protocol::kUdp) == FW_PORT_UDP);
static_assert(static_cast<int>(Protocol::kSctp) == FW_PORT_SCTP);
static_assert(static_cast<int>(Protocol::kUdpLite) == FW_PORT_UDPLITE);
static_assert(static_cast<int>(Protocol::kDccp) == FW_PORT_DCCP);
static_assert(policy::kProtocols.size() == FW_PORT_PROTOCOLS);

std::uint32_t KeyOf(Protocol protocol) {
  return static_cast<std::uint32_t>(protocol);
}

std::string NameOf(Protocol protocol) {
  return std::string(policy::ProtocolName(protocol));
}

// The id of the array in the outer map; 0 when there is none.
absl::StatusOr<std::uint32_t> LiveId(int outer_fd, Protocol protocol) {
  const std::uint32_t key = KeyOf(protocol);
  std::uint32_t id = 0;
  if (bpf_map_lookup_elem(outer_fd, &key, &id) == 0) return id;
  if (errno == ENOENT) return 0;
  return util::ErrnoToStatus(errno, "look up a port table");
}

absl::Status Rename(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) == 0) return absl::OkStatus();
  return util::ErrnoToStatus(errno, absl::StrCat("rename ", from, " to ", to));
}

}  // namespace

absl::StatusOr<PortTables> PortTables::Open(int outer_fd,
                                            const std::string& folder) {
  PortTables tables(outer_fd, folder);
  // Where an earlier run left pins, they must follow every change at once.
  FW_ASSIGN_OR_RETURN(const std::vector<std::string> pins, ListFolder(folder));
  tables.pinned_ = !pins.empty();
  for (const Protocol protocol : policy::kProtocols) {
    FW_RETURN_IF_ERROR(tables.Find(protocol));
  }
  return tables;
}

PortTables::Live& PortTables::LiveOf(Protocol protocol) {
  return live_[static_cast<std::size_t>(protocol)];
}

std::string PortTables::PinPath(Protocol protocol) const {
  return absl::StrCat(folder_, "/ports-", NameOf(protocol));
}

std::string PortTables::NextPinPath(Protocol protocol) const {
  return absl::StrCat(PinPath(protocol), "-next");
}

absl::Status PortTables::Find(Protocol protocol) {
  FW_ASSIGN_OR_RETURN(const std::uint32_t id, LiveId(outer_fd_, protocol));
  Live& live = LiveOf(protocol);
  for (const std::string& path : {PinPath(protocol), NextPinPath(protocol)}) {
    auto array = OpenPinnedMap(path);
    if (absl::IsNotFound(array.status())) continue;
    FW_RETURN_IF_ERROR(array.status());
    FW_ASSIGN_OR_RETURN(const bpf_map_info info, GetMapInfo(array->get()));
    if (info.id != id) {
      FW_RETURN_IF_ERROR(dataplane::Unpin(path));
      continue;
    }
    FW_ASSIGN_OR_RETURN(const policy::PortTable table,
                        ReadPortArray(array->get()));
    live.hash = absl::HashOf(table);
    live.fd = *std::move(array);
    if (path != PinPath(protocol)) {
      FW_RETURN_IF_ERROR(Rename(path, PinPath(protocol)));
    }
  }
  live.known = id == 0 || live.fd.valid();
  if (!live.known) {
    spdlog::warn("the live {} port table has lost its pin and cannot be read",
                 NameOf(protocol));
  }
  return absl::OkStatus();
}

absl::Status PortTables::Replace(Protocol protocol,
                                 const policy::PortTable& table) {
  FW_RETURN_IF_ERROR(CheckPortTable(table));
  const std::string what =
      absl::StrCat("replace the ", NameOf(protocol), " port table");
  if (table.empty()) return util::WithContext(Remove(protocol), what);
  FW_ASSIGN_OR_RETURN(util::ScopedFd array, MakePortArray(table));
  FW_RETURN_IF_ERROR(
      util::WithContext(Install(protocol, std::move(array)), what));
  LiveOf(protocol).hash = absl::HashOf(table);
  return absl::OkStatus();
}

absl::Status PortTables::Install(Protocol protocol, util::ScopedFd array) {
  const std::string next = NextPinPath(protocol);
  if (pinned_) {
    FW_RETURN_IF_ERROR(dataplane::Unpin(next));
    FW_RETURN_IF_ERROR(dataplane::Pin(array.get(), next));
  }
  const std::uint32_t key = KeyOf(protocol);
  const int fd = array.get();
  if (bpf_map_update_elem(outer_fd_, &key, &fd, BPF_ANY) != 0) {
    absl::Status failed = util::ErrnoToStatus(errno, "swap it in");
    if (pinned_) util::WarnUnlessOk(dataplane::Unpin(next));
    return failed;
  }
  LiveOf(protocol) = {.fd = std::move(array), .known = true};
  if (pinned_) util::WarnUnlessOk(Rename(next, PinPath(protocol)));
  return absl::OkStatus();
}

absl::Status PortTables::Remove(Protocol protocol) {
  const std::uint32_t key = KeyOf(protocol);
  if (bpf_map_delete_elem(outer_fd_, &key) != 0 && errno != ENOENT) {
    return util::ErrnoToStatus(errno, "take it out");
  }
  LiveOf(protocol) = Live();
  if (pinned_) util::WarnUnlessOk(dataplane::Unpin(PinPath(protocol)));
  return absl::OkStatus();
}

absl::StatusOr<PortTables::Tables> PortTables::Read() const {
  Tables tables;
  for (std::size_t i = 0; i < live_.size(); ++i) {
    if (!live_[i].known) continue;
    tables[i] = policy::PortTable();
    if (live_[i].fd.valid()) {
      FW_ASSIGN_OR_RETURN(tables[i], ReadPortArray(live_[i].fd.get()));
    }
  }
  return tables;
}

absl::StatusOr<std::string> PortTables::Damage() {
  for (const Protocol protocol : policy::kProtocols) {
    const Live& live = LiveOf(protocol);
    if (!live.known) continue;
    FW_ASSIGN_OR_RETURN(const std::uint32_t id, LiveId(outer_fd_, protocol));
    std::uint32_t ours = 0;
    std::size_t hash = live.hash;
    if (live.fd.valid()) {
      FW_ASSIGN_OR_RETURN(const bpf_map_info info, GetMapInfo(live.fd.get()));
      ours = info.id;
      FW_ASSIGN_OR_RETURN(const policy::PortTable table,
                          ReadPortArray(live.fd.get()));
      hash = absl::HashOf(table);
    }
    if (id != ours) {
      return absl::StrCat("the ", NameOf(protocol),
                          " entry of fw_ports was changed");
    }
    if (hash != live.hash) {
      return absl::StrCat("the ", NameOf(protocol), " port table was changed");
    }
  }
  return "";
}

absl::Status PortTables::Pin() {
  for (const Protocol protocol : policy::kProtocols) {
    const Live& live = LiveOf(protocol);
    if (!live.fd.valid()) continue;
    FW_RETURN_IF_ERROR(PinMap(live.fd.get(), PinPath(protocol)));
  }
  pinned_ = true;
  return absl::OkStatus();
}

absl::Status PortTables::Unpin() {
  pinned_ = false;
  for (const Protocol protocol : policy::kProtocols) {
    FW_RETURN_IF_ERROR(dataplane::Unpin(PinPath(protocol)));
    FW_RETURN_IF_ERROR(dataplane::Unpin(NextPinPath(protocol)));
  }
  return absl::OkStatus();
}

}  // namespace fwagent::dataplane
