#include "agent/service/packed_entries.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/core/change.h"
#include "agent/core/expiry.h"
#include "agent/service/error_details.h"
#include "agent/util/status_macros.h"

namespace fwagent::service {
namespace {

absl::Status Wrong(std::string_view field, std::string_view what) {
  FieldViolations violations;
  violations.Add(field, what);
  return violations.ToStatus();
}

using Lengths = google::protobuf::RepeatedField<std::uint32_t>;

// How long entries are wanted, as in core::SetEdit.
absl::StatusOr<std::vector<policy::Deadline>> ReadLengths(
    const Lengths& lengths, const std::string& field) {
  constexpr std::uint32_t kNever = 0xffff'ffff;
  static const std::int64_t kMost = absl::ToInt64Seconds(core::kLongestRule);
  std::vector<policy::Deadline> ends;
  ends.reserve(static_cast<std::size_t>(lengths.size()));
  for (const std::uint32_t seconds : lengths) {
    if (seconds == 0) {
      ends.push_back(core::SetEdit::kAsAll);
    } else if (seconds == kNever) {
      ends.push_back(core::SetEdit::kWithoutEnd);
    } else if (seconds > kMost) {
      return Wrong(absl::StrCat(field, "[", ends.size(), "]"),
                   "is more than ten years: for an entry that does not end "
                   "give 4294967295");
    } else {
      ends.push_back(seconds);
    }
  }
  return ends;
}

}  // namespace

absl::Status AddPacked(const v1::PackedPrefixes& prefixes,
                       const std::string& field,
                       policy::SetEntries::Builder& entries) {
  const std::uint64_t before = entries.size();
  const auto add = [&](policy::Family family, const std::string& bytes,
                       const Lengths& lengths,
                       const char* name) -> absl::Status {
    const std::string path = absl::StrCat(field, ".", name);
    FW_ASSIGN_OR_RETURN(
        const std::vector<policy::Deadline> ends,
        ReadLengths(lengths, absl::StrCat(path, "_ttl_seconds")));
    absl::Status added = entries.AddPacked(family, bytes, ends);
    if (added.ok()) return added;
    return Wrong(path, absl::StrCat(std::string(added.message()), " (", before,
                                    " entries came before this part)"));
  };
  FW_RETURN_IF_ERROR(add(policy::Family::kIPv4, prefixes.ipv4(),
                         prefixes.ipv4_ttl_seconds(), "ipv4"));
  return add(policy::Family::kIPv6, prefixes.ipv6(),
             prefixes.ipv6_ttl_seconds(), "ipv6");
}

absl::Status CheckEntryCount(std::uint64_t entries, std::uint64_t most) {
  if (entries <= most) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("more than ", most,
                   " entries, which is the most that the kernel's tables "
                   "take: raise max_sources, or import less"));
}

}  // namespace fwagent::service
