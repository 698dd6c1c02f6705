#include "agent/store/set_chunk.h"

#include <algorithm>
#include <cstdint>

#include "agent/policy/packed_number.h"

namespace fwagent::store {
namespace {

using policy::Deadline;
using policy::Family;
using policy::Prefix;
using policy::SetEntry;

constexpr std::size_t kTickBytes = 8;
constexpr std::size_t kDelayBytes = 4;
// In the place of a delay: no end.
constexpr std::uint64_t kNoEnd = 0xffff'ffff;

std::size_t AddressBytes(Family family) {
  return static_cast<std::size_t>(policy::AddressBits(family)) / 8;
}

void AppendPrefix(const Prefix& prefix, std::string& bytes) {
  bytes.append(reinterpret_cast<const char*>(prefix.address().data()),
               AddressBytes(prefix.family()));
  bytes.push_back(static_cast<char>(prefix.length()));
}

void AppendNumber(std::uint64_t value, std::size_t count, std::string& bytes) {
  bytes.resize(bytes.size() + count);
  policy::WriteBytes(value, bytes.data() + bytes.size() - count,
                     static_cast<int>(count));
}

std::uint64_t ReadNumber(std::string_view bytes) {
  return policy::ReadBytes(bytes.data(), static_cast<int>(bytes.size()));
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

std::string PackChunk(const std::vector<SetEntry>& entries,
                      const EntryClock& clock) {
  const bool is_ipv4 = entries.front().prefix.family() == Family::kIPv4;
  Deadline first = policy::kForever;
  for (const SetEntry& entry : entries) first = std::min(first, entry.until);
  const bool has_ends = first != policy::kForever;
  std::string bytes;
  bytes.push_back(has_ends ? (is_ipv4 ? 'f' : 's') : (is_ipv4 ? '4' : '6'));
  if (has_ends) {
    AppendNumber(static_cast<std::uint64_t>(clock.TickOf(first)), kTickBytes,
                 bytes);
  }
  for (const SetEntry& entry : entries) {
    AppendPrefix(entry.prefix, bytes);
    if (!has_ends) continue;
    const bool ends = entry.until != policy::kForever;
    AppendNumber(ends ? entry.until - first : kNoEnd, kDelayBytes, bytes);
  }
  return bytes;
}

absl::StatusOr<std::vector<SetEntry>> UnpackChunk(std::string_view bytes,
                                                  const EntryClock& clock) {
  constexpr std::string_view kFormats = "46fs";
  if (bytes.size() < 2 || kFormats.find(bytes[0]) == std::string_view::npos) {
    return NoChunk();
  }
  const bool is_ipv4 = bytes[0] == '4' || bytes[0] == 'f';
  const bool has_ends = bytes[0] == 'f' || bytes[0] == 's';
  const std::size_t address =
      AddressBytes(is_ipv4 ? Family::kIPv4 : Family::kIPv6);
  const std::size_t width = address + 1 + (has_ends ? kDelayBytes : 0);
  bytes.remove_prefix(1);
  std::int64_t first = 0;
  if (has_ends) {
    if (bytes.size() <= kTickBytes) return NoChunk();
    first = static_cast<std::int64_t>(ReadNumber(bytes.substr(0, kTickBytes)));
    bytes.remove_prefix(kTickBytes);
    // Nobody's clock; and sums must not overflow.
    constexpr std::int64_t kMost = std::int64_t{1} << 48;
    if (first < -kMost || first > kMost) return NoChunk();
  }
  if (bytes.size() % width != 0) return NoChunk();
  std::vector<SetEntry> entries;
  entries.reserve(bytes.size() / width);
  for (; !bytes.empty(); bytes.remove_prefix(width)) {
    const auto prefix = Prefix::FromBytes(
        bytes.substr(0, address), static_cast<std::uint8_t>(bytes[address]));
    if (!prefix.ok()) return NoChunk();
    if (!entries.empty() &&
        ChunkKey(entries.back().prefix) >= ChunkKey(*prefix)) {
      return NoChunk();
    }
    const std::uint64_t delay =
        has_ends ? ReadNumber(bytes.substr(address + 1, kDelayBytes)) : kNoEnd;
    entries.push_back(
        {*prefix,
         delay == kNoEnd
             ? policy::kForever
             : clock.DeadlineOf(first + static_cast<std::int64_t>(delay))});
  }
  return entries;
}

}  // namespace fwagent::store
