#include "agent/dataplane/source_tables.h"

#include <bpf/bpf.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "agent/dataplane/errors.h"
#include "agent/dataplane/map_info.h"
#include "agent/dataplane/shared_maps.h"
#include "agent/util/errno_status.h"
#include "agent/util/log.h"
#include "agent/util/status_macros.h"
#include "bpf/fw_abi.h"

namespace fwagent::dataplane {
namespace {

using policy::Family;
using policy::Prefix;
using policy::RuleId;

static_assert(static_cast<int>(Family::kIPv4) == FW_FAMILY_IPV4);
static_assert(static_cast<int>(Family::kIPv6) == FW_FAMILY_IPV6);
static_assert(policy::kFamilies == FW_FAMILIES);

// One buffer for both: the key of the IPv4 trie is the beginning of this one.
using Key = fw_source6_key;
static_assert(offsetof(fw_source4_key, length) == offsetof(Key, length));
static_assert(offsetof(fw_source4_key, address) == offsetof(Key, address));

Key KeyOf(const Prefix& prefix) {
  Key key{.length = prefix.length(), .address = {}};
  std::copy(prefix.address().begin(), prefix.address().end(), key.address);
  return key;
}

absl::StatusOr<Prefix> PrefixOf(const Key& key, Family family) {
  const auto bytes = static_cast<std::size_t>(policy::AddressBits(family)) / 8;
  return Prefix::FromBytes(
      std::string_view(reinterpret_cast<const char*>(key.address), bytes),
      key.length);
}

// The rule at the longest prefix that covers the key; 0 for none.
absl::StatusOr<RuleId> Covering(int fd, const Key& key) {
  fw_rule_ref value{};
  if (bpf_map_lookup_elem(fd, &key, &value) == 0) return value.rule_id;
  if (errno == ENOENT) return RuleId{0};
  return util::ErrnoToStatus(errno, "look up a source prefix");
}

// A trie answers with the longest match and never tells its length. The prefix
// itself is there exactly when one bit less gives another answer.
absl::StatusOr<bool> Contains(int fd, const Prefix& prefix) {
  Key key = KeyOf(prefix);
  FW_ASSIGN_OR_RETURN(const RuleId covering, Covering(fd, key));
  if (covering == 0 || key.length == 0) return covering != 0;
  --key.length;
  FW_ASSIGN_OR_RETURN(const RuleId shorter, Covering(fd, key));
  return covering != shorter;
}

absl::Status Walk(int fd,
                  const std::function<absl::Status(const Key&)>& visit) {
  Key key{};
  Key next{};
  const Key* previous = nullptr;
  while (bpf_map_get_next_key(fd, previous, &next) == 0) {
    FW_RETURN_IF_ERROR(visit(next));
    key = next;
    previous = &key;
  }
  if (errno == ENOENT) return absl::OkStatus();
  return util::ErrnoToStatus(errno, "walk a source table");
}

absl::StatusOr<std::uint64_t> Count(int fd) {
  std::uint64_t count = 0;
  FW_RETURN_IF_ERROR(Walk(fd, [&count](const Key&) {
    ++count;
    return absl::OkStatus();
  }));
  return count;
}

}  // namespace

absl::StatusOr<SourceTables> SourceTables::Open(int source4_fd, int source6_fd,
                                                int config_fd) {
  SourceTables tables(config_fd);
  tables.TableOf(Family::kIPv4).fd = source4_fd;
  tables.TableOf(Family::kIPv6).fd = source6_fd;
  for (Table& table : tables.tables_) {
    FW_ASSIGN_OR_RETURN(const bpf_map_info info, GetMapInfo(table.fd));
    table.capacity = SourcesThatFit(info.max_entries);
    FW_ASSIGN_OR_RETURN(table.count, Count(table.fd));
  }
  FW_RETURN_IF_ERROR(tables.Publish(Family::kIPv4, tables.tables_[0].count));
  return tables;
}

SourceTables::Table& SourceTables::TableOf(Family family) {
  return tables_[static_cast<std::size_t>(family)];
}

std::uint64_t SourceTables::Capacity(Family family) const {
  return tables_[static_cast<std::size_t>(family)].capacity;
}

absl::Status SourceTables::Publish(Family family, std::uint64_t count) {
  fw_config config{.source_blocks = {tables_[FW_FAMILY_IPV4].count,
                                     tables_[FW_FAMILY_IPV6].count}};
  config.source_blocks[static_cast<std::size_t>(family)] = count;
  const std::uint32_t key = 0;
  if (bpf_map_update_elem(config_fd_, &key, &config, BPF_ANY) != 0) {
    return util::ErrnoToStatus(errno, "write fw_config");
  }
  TableOf(family).count = count;
  return absl::OkStatus();
}

// The change itself is done; a count that stays too high only drops packets
// that are broken anyway.
void SourceTables::Lower(Family family, std::uint64_t count) {
  const absl::Status status = Publish(family, count);
  if (!status.ok()) spdlog::warn("{}", util::ToLogText(status));
}

absl::Status SourceTables::Add(const Prefix& prefix, RuleId rule) {
  Table& table = TableOf(prefix.family());
  FW_ASSIGN_OR_RETURN(const bool present, Contains(table.fd, prefix));
  const std::uint64_t count = table.count;
  if (!present) {
    if (count >= table.capacity) {
      return SourceTableFull(prefix.family(), table.capacity);
    }
    FW_RETURN_IF_ERROR(Publish(prefix.family(), count + 1));
  }
  const Key key = KeyOf(prefix);
  const fw_rule_ref value{.rule_id = rule};
  if (bpf_map_update_elem(table.fd, &key, &value, BPF_ANY) == 0) {
    return absl::OkStatus();
  }
  const int error = errno;
  if (!present) Lower(prefix.family(), count);
  if (error == ENOSPC) return SourceTableFull(prefix.family(), table.capacity);
  return util::ErrnoToStatus(error,
                             absl::StrCat("block source ", prefix.ToString()));
}

absl::Status SourceTables::Remove(const Prefix& prefix) {
  Table& table = TableOf(prefix.family());
  const Key key = KeyOf(prefix);
  if (bpf_map_delete_elem(table.fd, &key) != 0) {
    if (errno == ENOENT) return SourceNotInTable(prefix);
    return util::ErrnoToStatus(
        errno, absl::StrCat("unblock source ", prefix.ToString()));
  }
  if (table.count > 0) Lower(prefix.family(), table.count - 1);
  return absl::OkStatus();
}

absl::StatusOr<SourceTables::Entries> SourceTables::Read() const {
  Entries entries;
  for (const Family family : {Family::kIPv4, Family::kIPv6}) {
    const Table& table = tables_[static_cast<std::size_t>(family)];
    FW_RETURN_IF_ERROR(Walk(table.fd, [&](const Key& key) -> absl::Status {
      FW_ASSIGN_OR_RETURN(const Prefix prefix, PrefixOf(key, family));
      FW_ASSIGN_OR_RETURN(const RuleId rule, Covering(table.fd, key));
      entries.emplace_back(prefix, rule);
      return absl::OkStatus();
    }));
  }
  return entries;
}

}  // namespace fwagent::dataplane
