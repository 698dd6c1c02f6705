// The memory of one table of one family.
#ifndef FWAGENT_AGENT_LOOKUP_GENERATION_H_
#define FWAGENT_AGENT_LOOKUP_GENERATION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "agent/lookup/buckets.h"
#include "agent/lookup/chunk_image.h"
#include "agent/lookup/front.h"
#include "agent/lookup/line_arena.h"
#include "agent/lookup/line_memory.h"
#include "agent/lookup/statements.h"

namespace fwagent::lookup {

// Root, chunks, subtrees, meanings and buckets; before them the front (IPv4) or
// parts (IPv6), which are always kept in step. Destroying it gives the memory
// back, which is for who has made sure that no reader is left; unless it was
// abandoned.
template <typename Address>
class Generation {
 public:
  // An empty table with room for so many prefixes in its buckets.
  // RESOURCE_EXHAUSTED.
  static absl::StatusOr<std::unique_ptr<Generation>> Make(
      LineMemory* memory, std::uint64_t longer_prefixes, std::uint64_t seed);
  ~Generation();
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

  // From now on there may be readers.
  void GoLive() {
    front_.GoLive();
    arena_.GoLive();
    parts_arena_.GoLive();
  }

  // Leaves it to the readers for good.
  void Abandon() { abandoned_ = true; }

  // Whether the /16 that holds these 32 bits can be written once there are
  // readers.
  bool CanWrite(std::uint32_t top32) const {
    return !kHasFront || front_.Has(top32);
  }

  // Of the /16 that holds these 32 bits: what is said of its places.
  ChunkImage ReadChunk(std::uint32_t top32) const;

  // Says something else of them, at one instant for readers.
  // RESOURCE_EXHAUSTED: nothing was changed.
  absl::Status WriteChunk(std::uint32_t top32, const ChunkImage& image);

  // Says one thing of all of them; what was there is not a chunk, and there are
  // no readers. RESOURCE_EXHAUSTED.
  absl::Status FillChunk(std::uint32_t top32, std::uint32_t entry);

  // Makes one place that says nothing say kLookLonger, or the reverse.
  // RESOURCE_EXHAUSTED: nothing was changed.
  absl::Status MarkLonger(std::uint32_t top32, bool longer);

  // The entry that says what the fold says. RESOURCE_EXHAUSTED.
  absl::StatusOr<std::uint32_t> EntryOf(const Fold& fold);
  // No entry that readers can reach says this any more, nor will one.
  void RetireTerms(const Fold& fold);
  // Records of verdicts that end. Those that were worked out from several
  // prefixes stay when they are no longer used: only a new table is rid of
  // them.
  std::size_t terms_count() const { return terms_.size(); }

  // An entry for a subtree, in a record of its own where it takes one.
  // RESOURCE_EXHAUSTED.
  absl::StatusOr<std::uint32_t> MakeSubtree(const fw_subtree& content);
  fw_subtree SubtreeOf(std::uint32_t entry) const;
  // Changes the lengths or the background of a subtree, at one instant for
  // readers. False: it has no record, or both would change.
  bool ChangeSubtree(std::uint32_t entry, const fw_subtree& content);
  void RetireSubtree(std::uint32_t entry);

  Buckets<Address>& buckets() { return buckets_; }
  const Buckets<Address>& buckets() const { return buckets_; }

  const Front& front() const { return front_; }

  // Where readers find it.
  fw_generation Describe() const;
  std::uint64_t memory_bytes() const;

 private:
  static constexpr bool kHasFront = kFamily<Address> == policy::Family::kIPv4;

  // fw_terms in another order.
  using TermsKey = std::array<std::uint32_t, 4>;

  Generation(LineMemory* memory, std::uint32_t root_slab,
             Buckets<Address> buckets);

  __u64& RootWord(std::uint32_t top32) const;
  // Publishes the word of a /16, and what its front says then.
  void PublishRoot(std::uint32_t top32, __u64 word, const FrontImage& front);
  absl::StatusOr<__u64> MakeChunk(const ChunkImage& image,
                                  const ChunkRuns& runs);
  void RetireChunk(__u64 root);
  absl::StatusOr<std::uint32_t> MeaningOf(const Fold& fold);
  absl::StatusOr<std::uint32_t> MakeTerms(const Fold& fold);
  fw_parts& PartsAt(std::uint32_t record) const;
  fw_subtree& Record(std::uint32_t entry) const;
  std::vector<std::uint32_t> Slabs() const;

  LineMemory* const memory_;
  const std::uint32_t root_slab_;
  bool abandoned_ = false;
  Front front_;
  LineArena arena_;
  LineArena parts_arena_;  // apart, so that they lie close together
  Buckets<Address> buckets_;
  // Records that are no longer used stay: only a new table is rid of them.
  absl::flat_hash_map<Fold, std::uint32_t> meanings_;
  absl::flat_hash_map<TermsKey, std::uint32_t> terms_;  // without classes
};

// Whether an entry leads to longer prefixes.
inline bool GoesOn(std::uint32_t entry) {
  return fw_kind_of(entry) == FW_ENTRY_SUBTREE ||
         fw_kind_of(entry) == FW_ENTRY_LENGTHS;
}

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_GENERATION_H_
