// The entries of a set, as parts of a request.
#ifndef FWAGENT_AGENT_DOCUMENT_ENTRY_PARTS_H_
#define FWAGENT_AGENT_DOCUMENT_ENTRY_PARTS_H_

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "agent/text/pack_prefix.h"
#include "agent/text/packed_list.h"
#include "fwagent/v1/policy_service.pb.h"

namespace fwagent::document {

// Appends to the parts of a request, each small enough for one message.
class EntryParts {
 public:
  explicit EntryParts(std::vector<v1::ApplyPolicyRequest>& parts)
      : parts_(parts) {}

  absl::Status Add(std::string_view prefix, std::uint32_t ttl_seconds) {
    constexpr std::size_t kPartBytes = std::size_t{1} << 20;
    if (open_ == nullptr ||
        open_->ipv4().size() + open_->ipv6().size() > kPartBytes) {
      open_ = parts_.emplace_back().mutable_prefixes();
    }
    absl::Status packed = text::PackPrefix(prefix, *open_, ttl_seconds);
    if (packed.ok()) ++count_;
    return packed;
  }

  void Add(text::PackedList list) {
    for (v1::PackedPrefixes& part : list.parts) {
      *parts_.emplace_back().mutable_prefixes() = std::move(part);
    }
    open_ = nullptr;
    count_ += list.count;
  }

  std::uint64_t count() const { return count_; }

 private:
  std::vector<v1::ApplyPolicyRequest>& parts_;
  // The last part; it stays where it is when the list of parts grows.
  v1::PackedPrefixes* open_ = nullptr;
  std::uint64_t count_ = 0;
};

}  // namespace fwagent::document

#endif  // FWAGENT_AGENT_DOCUMENT_ENTRY_PARTS_H_
