// The lines of buckets: what differs between the families.
#ifndef FWAGENT_AGENT_LOOKUP_BUCKET_LINES_H_
#define FWAGENT_AGENT_LOOKUP_BUCKET_LINES_H_

#include <cstdint>

#include "agent/lookup/address.h"
#include "agent/lookup/line_memory.h"

namespace fwagent::lookup {

// One slot, where a prefix with a given home may lie.
struct BucketPlace {
  std::uint32_t home = 0;  // line number
  std::uint32_t distance = 0;
  std::uint32_t slot = 0;

  std::uint32_t line() const { return home + distance; }
};

// Reads and writes single slots. Write() makes a slot hold something at one
// instant for readers, Erase() nothing. An erased slot is not free before
// Free(): readers may still be comparing what it held.
template <typename Address>
class BucketLines;

template <>
class BucketLines<Address4> {
 public:
  static constexpr std::uint32_t kSlots = FW_BUCKET4_SLOTS;
  // Of the slots, in a new table and in one that is called full: some more, and
  // a prefix finds no slot within its reach.
  static constexpr double kFirstLoad = 0.70;
  static constexpr double kFullLoad = 0.74;
  struct Code {
    std::uint32_t home;
    std::uint32_t tag;  // without distance and kind
  };

  BucketLines(const LineMemory* memory, const fw_generation& generation)
      : memory_(memory), generation_(generation) {}

  // Sets bucket_count and bucket_bits for a number of slots, and returns how
  // many lines that takes.
  static std::uint64_t Size(std::uint64_t slots, fw_generation& generation);

  Code CodeOf(const Key<Address4>& prefix) const;
  std::uint32_t Entry(const BucketPlace& place) const;  // 0: holds nothing
  bool IsFree(const BucketPlace& place) const;
  bool Holds(const BucketPlace& place, const Code& code) const;
  void Write(const BucketPlace& place, const Code& code, std::uint32_t entry);
  void Erase(const BucketPlace& place);
  void Free(const BucketPlace& place);
  // Of a slot that holds something, wherever its home is.
  Key<Address4> KeyAt(std::uint32_t line, std::uint32_t slot) const;
  std::uint32_t Reach(std::uint32_t home) const;
  void SetReach(std::uint32_t home, std::uint32_t reach);

 private:
  std::uint32_t& Tag(const BucketPlace& place) const {
    return memory_->line(place.line())->bucket4.tags[place.slot];
  }
  std::uint32_t& EntryWord(const BucketPlace& place) const {
    return memory_
        ->line(place.line() + generation_.bucket_count + FW_BUCKET_REACH)
        ->bucket4_entries.entries[place.slot];
  }

  const LineMemory* memory_;
  fw_generation generation_;
};

template <>
class BucketLines<Address6> {
 public:
  static constexpr std::uint32_t kSlots = FW_BUCKET6_SLOTS;
  static constexpr double kFirstLoad = 0.45;
  static constexpr double kFullLoad = 0.52;
  struct Code {
    std::uint32_t home;
    fw_code6 bits;
  };

  BucketLines(const LineMemory* memory, const fw_generation& generation)
      : memory_(memory), generation_(generation) {}

  static std::uint64_t Size(std::uint64_t slots, fw_generation& generation);

  Code CodeOf(const Key<Address6>& prefix) const;
  std::uint32_t Entry(const BucketPlace& place) const;
  bool IsFree(const BucketPlace& place) const;
  bool Holds(const BucketPlace& place, const Code& code) const;
  void Write(const BucketPlace& place, const Code& code, std::uint32_t entry);
  void Erase(const BucketPlace& place);
  void Free(const BucketPlace& place);
  Key<Address6> KeyAt(std::uint32_t line, std::uint32_t slot) const;
  std::uint32_t Reach(std::uint32_t home) const;
  void SetReach(std::uint32_t home, std::uint32_t reach);

 private:
  fw_bucket6& Bucket(const BucketPlace& place) const {
    return memory_->line(place.line())->bucket6;
  }

  const LineMemory* memory_;
  fw_generation generation_;
};

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_BUCKET_LINES_H_
