#include "agent/dataplane/port_tables.h"

#include <bpf/bpf.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/dataplane/bpffs.h"
#include "agent/dataplane/errors.h"
#include "agent/dataplane/map_info.h"
#include "agent/dataplane/port_array.h"
#include "agent/util/errno_status.h"
#include "agent/util/log.h"
#include "agent/util/status_macros.h"

namespace fwagent::dataplane {
namespace {

using policy::Protocol;

static_assert(static_cast<int>(Protocol::kTcp) == FW_PORT_TCP);
static_assert(static_cast<int>(Protocol::kUdp) == FW_PORT_UDP);
static_assert(static_cast<int>(Protocol::kSctp) == FW_PORT_SCTP);
static_assert(static_cast<int>(Protocol::kUdpLite) == FW_PORT_UDPLITE);
static_assert(static_cast<int>(Protocol::kDccp) == FW_PORT_DCCP);
static_assert(policy::kProtocols.size() == FW_PORT_PROTOCOLS);

constexpr char kPinPrefix[] = "ports-";

std::uint32_t KeyOf(std::size_t half, Protocol protocol) {
  return static_cast<std::uint32_t>(half) * FW_PORT_PROTOCOLS +
         static_cast<std::uint32_t>(protocol);
}

std::size_t Index(Protocol protocol) {
  return static_cast<std::size_t>(protocol);
}

std::string NameOf(Protocol protocol) {
  return std::string(policy::ProtocolName(protocol));
}

// The id of the array in the outer map; 0 when there is none.
absl::StatusOr<std::uint32_t> IdAt(int outer_fd, std::uint32_t key) {
  std::uint32_t id = 0;
  if (bpf_map_lookup_elem(outer_fd, &key, &id) == 0) return id;
  if (errno == ENOENT) return 0;
  return util::ErrnoToStatus(errno, "look up a port table");
}

using IdsOfHalves =
    std::array<std::uint32_t, FW_PORT_HALVES * FW_PORT_PROTOCOLS>;

absl::StatusOr<IdsOfHalves> IdsIn(int outer_fd) {
  IdsOfHalves ids{};
  for (std::uint32_t key = 0; key < ids.size(); ++key) {
    FW_ASSIGN_OR_RETURN(ids[key], IdAt(outer_fd, key));
  }
  return ids;
}

}  // namespace

absl::StatusOr<PortTables> PortTables::Open(int outer_fd,
                                            const fw_table_state* state,
                                            const std::string& folder) {
  PortTables tables(outer_fd, state, folder);
  // Where an earlier run left pins, they must follow every change at once.
  FW_ASSIGN_OR_RETURN(const std::vector<std::string> pins, ListFolder(folder));
  tables.pinned_ = !pins.empty();
  FW_RETURN_IF_ERROR(tables.FindArrays(pins));
  return tables;
}

std::string PortTables::PinPath(std::uint32_t id) const {
  return absl::StrCat(folder_, "/", kPinPrefix, id);
}

absl::Status PortTables::FindArrays(const std::vector<std::string>& pins) {
  FW_ASSIGN_OR_RETURN(const IdsOfHalves ids, IdsIn(outer_fd_));
  for (const std::string& name : pins) {
    if (!absl::StartsWith(name, kPinPrefix)) continue;
    const std::string path = absl::StrCat(folder_, "/", name);
    FW_ASSIGN_OR_RETURN(util::ScopedFd fd, OpenPinnedMap(path));
    FW_ASSIGN_OR_RETURN(const bpf_map_info info, GetMapInfo(fd.get()));
    if (std::find(ids.begin(), ids.end(), info.id) == ids.end()) {
      FW_RETURN_IF_ERROR(dataplane::Unpin(path));
      continue;
    }
    FW_ASSIGN_OR_RETURN(const policy::PortTable table, ReadPortArray(fd.get()));
    const auto array = std::make_shared<const Array>(
        Array{std::move(fd), info.id, absl::HashOf(table)});
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] == info.id) SlotAt(i).array = array;
    }
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    SlotAt(i).known = ids[i] == 0 || SlotAt(i).array != nullptr;
    if (SlotAt(i).known || i / FW_PORT_PROTOCOLS != live_half()) continue;
    spdlog::warn("the live {} port table has lost its pin and cannot be read",
                 NameOf(policy::kProtocols[i % FW_PORT_PROTOCOLS]));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const PortTables::Array>> PortTables::Make(
    const policy::PortTable& table) const {
  FW_RETURN_IF_ERROR(CheckPortTable(table));
  if (table.empty()) return nullptr;
  FW_ASSIGN_OR_RETURN(util::ScopedFd fd, MakePortArray(table));
  FW_ASSIGN_OR_RETURN(const bpf_map_info info, GetMapInfo(fd.get()));
  if (pinned_) {
    FW_RETURN_IF_ERROR(dataplane::Pin(fd.get(), PinPath(info.id)));
  }
  return std::make_shared<const Array>(
      Array{std::move(fd), info.id, absl::HashOf(table)});
}

// Whether the array that was there is told by the kernel: somebody else may
// have put another in its place.
absl::Status PortTables::Put(std::size_t half, Protocol protocol,
                             std::shared_ptr<const Array> array) {
  const std::uint32_t key = KeyOf(half, protocol);
  FW_ASSIGN_OR_RETURN(const std::uint32_t present, IdAt(outer_fd_, key));
  int error = 0;
  if (array != nullptr && array->id != present) {
    const int fd = array->fd.get();
    error = bpf_map_update_elem(outer_fd_, &key, &fd, BPF_ANY);
  } else if (array == nullptr && present != 0) {
    error = bpf_map_delete_elem(outer_fd_, &key);
  }
  if (error != 0) {
    absl::Status failed = util::ErrnoToStatus(errno, "put it in its place");
    util::WarnUnlessOk(RemoveUnused(array));
    return failed;
  }
  Slot& slot = halves_[half][Index(protocol)];
  const std::shared_ptr<const Array> before =
      std::exchange(slot, {.array = std::move(array), .known = true}).array;
  util::WarnUnlessOk(RemoveUnused(before));
  return absl::OkStatus();
}

// Takes away the pin of an array that is in no half.
absl::Status PortTables::RemoveUnused(
    const std::shared_ptr<const Array>& array) const {
  if (array == nullptr || !pinned_) return absl::OkStatus();
  for (const Half& half : halves_) {
    for (const Slot& slot : half) {
      if (slot.array == array) return absl::OkStatus();
    }
  }
  return dataplane::Unpin(PinPath(array->id));
}

absl::Status PortTables::Replace(Protocol protocol,
                                 const policy::PortTable& table) {
  const std::string what =
      absl::StrCat("replace the ", NameOf(protocol), " port table");
  auto array = Make(table);
  if (!array.ok()) return util::WithContext(array.status(), what);
  return util::WithContext(Put(live_half(), protocol, *std::move(array)), what);
}

absl::Status PortTables::Stage(const News& news) {
  const std::size_t next = 1 - live_half();
  for (const Protocol protocol : policy::kProtocols) {
    const std::string what =
        absl::StrCat("prepare the ", NameOf(protocol), " port table");
    const Slot& live = halves_[live_half()][Index(protocol)];
    auto array = absl::StatusOr<std::shared_ptr<const Array>>(live.array);
    if (const policy::PortTable* table = news[Index(protocol)]) {
      array = Make(*table);
    } else if (!live.known) {
      array = absl::InternalError(
          "the table in force has lost its pin: restart the agent");
    }
    if (!array.ok()) return util::WithContext(array.status(), what);
    FW_RETURN_IF_ERROR(
        util::WithContext(Put(next, protocol, *std::move(array)), what));
  }
  return absl::OkStatus();
}

absl::StatusOr<LivePorts> PortTables::Read() const {
  LivePorts tables;
  const Half& live = halves_[live_half()];
  for (std::size_t i = 0; i < live.size(); ++i) {
    if (!live[i].known) continue;
    tables[i] = policy::PortTable();
    if (live[i].array != nullptr) {
      FW_ASSIGN_OR_RETURN(tables[i], ReadPortArray(live[i].array->fd.get()));
    }
  }
  return tables;
}

absl::StatusOr<std::string> PortTables::DamageOf(Protocol protocol,
                                                 const Slot& slot) const {
  FW_ASSIGN_OR_RETURN(const std::uint32_t id,
                      IdAt(outer_fd_, KeyOf(live_half(), protocol)));
  if (id != (slot.array == nullptr ? 0 : slot.array->id)) {
    return absl::StrCat("the ", NameOf(protocol),
                        " entry of fw_ports was changed");
  }
  if (slot.array == nullptr) return "";
  FW_ASSIGN_OR_RETURN(const policy::PortTable table,
                      ReadPortArray(slot.array->fd.get()));
  if (absl::HashOf(table) == slot.array->hash) return "";
  return absl::StrCat("the ", NameOf(protocol), " port table was changed");
}

absl::StatusOr<std::string> PortTables::Damage() {
  for (const Protocol protocol : policy::kProtocols) {
    const Slot& slot = halves_[live_half()][Index(protocol)];
    if (!slot.known) continue;
    FW_ASSIGN_OR_RETURN(std::string damage, DamageOf(protocol, slot));
    if (!damage.empty()) return damage;
  }
  return "";
}

absl::Status PortTables::Pin() {
  for (const Half& half : halves_) {
    for (const Slot& slot : half) {
      if (slot.array == nullptr) continue;
      FW_RETURN_IF_ERROR(PinMap(slot.array->fd.get(), PinPath(slot.array->id)));
    }
  }
  pinned_ = true;
  return absl::OkStatus();
}

absl::Status PortTables::Unpin() {
  pinned_ = false;
  for (const Half& half : halves_) {
    for (const Slot& slot : half) {
      if (slot.array == nullptr) continue;
      FW_RETURN_IF_ERROR(dataplane::Unpin(PinPath(slot.array->id)));
    }
  }
  return absl::OkStatus();
}

}  // namespace fwagent::dataplane
