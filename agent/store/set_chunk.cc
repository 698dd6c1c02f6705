#include "agent/store/set_chunk.h"

#include <algorithm>
#include <cstdint>

namespace fwagent::store {
namespace {

using policy::Deadline;
using policy::Family;
using policy::Prefix;
using policy::SetEntry;

constexpr std::size_t kDeadlineBytes = sizeof(Deadline);

std::size_t AddressBytes(Family family) {
  return static_cast<std::size_t>(policy::AddressBits(family)) / 8;
}

void AppendPrefix(const Prefix& prefix, std::string& bytes) {
  bytes.append(reinterpret_cast<const char*>(prefix.address().data()),
               AddressBytes(prefix.family()));
  bytes.push_back(static_cast<char>(prefix.length()));
}

void AppendDeadline(Deadline until, std::string& bytes) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes.push_back(
        static_cast<char>(static_cast<std::uint8_t>(until >> shift)));
  }
}

Deadline ReadDeadline(std::string_view bytes) {
  Deadline until = 0;
  for (const char byte : bytes) {
    until = until << 8 | static_cast<std::uint8_t>(byte);
  }
  return until;
}

absl::Status NoChunk() {
  return absl::DataLossError("its entries cannot be read");
}

}  // namespace

std::string ChunkKey(const Prefix& prefix) {
  std::string key(1, prefix.family() == Family::kIPv4 ? '4' : '6');
  AppendPrefix(prefix, key);
  return key;
}

std::string PackChunk(const std::vector<SetEntry>& entries) {
  const bool is_ipv4 = entries.front().prefix.family() == Family::kIPv4;
  const bool has_ends = std::any_of(
      entries.begin(), entries.end(),
      [](const SetEntry& entry) { return entry.until != policy::kForever; });
  std::string bytes;
  bytes.push_back(has_ends ? (is_ipv4 ? 'f' : 's') : (is_ipv4 ? '4' : '6'));
  for (const SetEntry& entry : entries) {
    AppendPrefix(entry.prefix, bytes);
    if (has_ends) AppendDeadline(entry.until, bytes);
  }
  return bytes;
}

absl::StatusOr<std::vector<SetEntry>> UnpackChunk(std::string_view bytes) {
  constexpr std::string_view kFormats = "46fs";
  if (bytes.size() < 2 || kFormats.find(bytes[0]) == std::string_view::npos) {
    return NoChunk();
  }
  const bool is_ipv4 = bytes[0] == '4' || bytes[0] == 'f';
  const bool has_ends = bytes[0] == 'f' || bytes[0] == 's';
  const std::size_t address =
      AddressBytes(is_ipv4 ? Family::kIPv4 : Family::kIPv6);
  const std::size_t width = address + 1 + (has_ends ? kDeadlineBytes : 0);
  bytes.remove_prefix(1);
  if (bytes.size() % width != 0) return NoChunk();
  std::vector<SetEntry> entries;
  entries.reserve(bytes.size() / width);
  for (; !bytes.empty(); bytes.remove_prefix(width)) {
    const auto prefix = Prefix::FromBytes(
        bytes.substr(0, address), static_cast<std::uint8_t>(bytes[address]));
    if (!prefix.ok()) return NoChunk();
    const Deadline until =
        has_ends ? ReadDeadline(bytes.substr(address + 1, kDeadlineBytes))
                 : policy::kForever;
    if (until == policy::kNever ||
        (!entries.empty() &&
         ChunkKey(entries.back().prefix) >= ChunkKey(*prefix))) {
      return NoChunk();
    }
    entries.push_back({*prefix, until});
  }
  return entries;
}

}  // namespace fwagent::store
