// One line of buckets: what differs between the families.
#ifndef FWAGENT_AGENT_LOOKUP_BUCKET_SLOTS_H_
#define FWAGENT_AGENT_LOOKUP_BUCKET_SLOTS_H_

#include <bit>
#include <cstdint>

#include "agent/lookup/address.h"
#include "agent/lookup/line_memory.h"

namespace fwagent::lookup {

// Entry() is 0 where a slot holds nothing. Write() makes it hold something at
// one instant for readers, Erase() nothing. IsFree() is false for an erased
// slot until Free(): readers may still be comparing what it held.
template <typename Address>
struct BucketSlots;

template <>
struct BucketSlots<Address4> {
  using Code = std::uint64_t;
  static constexpr std::uint32_t kSlots = FW_BUCKET4_SLOTS;
  // A slot is one word: who compares it has read all of it.
  static constexpr bool kEraseFrees = true;

  static Code CodeOf(const Key<Address4>& prefix) {
    return fw_make_code4(prefix.address, prefix.length);
  }
  static std::uint32_t Home(const Code& code, std::uint64_t multiplier,
                            std::uint32_t count) {
    return fw_home4(code, multiplier, count);
  }
  static std::uint32_t Entry(const Line& line, std::uint32_t i) {
    return static_cast<std::uint32_t>(line.bucket4.slots[i]) & FW_ENTRY_MASK;
  }
  static bool IsFree(const Line& line, std::uint32_t i) {
    return line.bucket4.slots[i] == 0;
  }
  static bool Holds(const Line& line, std::uint32_t i, const Code& code) {
    return line.bucket4.slots[i] >> FW_ENTRY_BITS == code;
  }
  static void Write(Line& line, std::uint32_t i, const Code& code,
                    std::uint32_t entry) {
    Publish<__u64>(line.bucket4.slots[i], code << FW_ENTRY_BITS | entry);
  }
  static void Erase(Line& line, std::uint32_t i) {
    Publish<__u64>(line.bucket4.slots[i], 0);
  }
  static void Free(Line&, std::uint32_t) {}
  static Key<Address4> KeyAt(const Line& line, std::uint32_t i) {
    const std::uint64_t code = line.bucket4.slots[i] >> FW_ENTRY_BITS;
    const int length = 32 - std::countr_zero(code);
    return {Truncate(static_cast<Address4>(code >> 1), length),
            static_cast<std::uint8_t>(length)};
  }
  static std::uint64_t Reach(const Line& line) { return line.bucket4.reach; }
  static void SetReach(Line& line, std::uint32_t reach) {
    Publish<__u64>(line.bucket4.reach, reach);
  }
};

template <>
struct BucketSlots<Address6> {
  using Code = fw_code6;
  static constexpr std::uint32_t kSlots = FW_BUCKET6_SLOTS;
  static constexpr bool kEraseFrees = false;

  static Code CodeOf(const Key<Address6>& prefix) {
    return fw_make_code6(absl::Uint128High64(prefix.address),
                         absl::Uint128Low64(prefix.address), prefix.length);
  }
  static std::uint32_t Home(const Code& code, std::uint64_t multiplier,
                            std::uint32_t count) {
    return fw_home6(&code, multiplier, count);
  }
  static std::uint32_t Entry(const Line& line, std::uint32_t i) {
    return line.bucket6.entries[i] & FW_ENTRY_MASK;
  }
  static bool IsFree(const Line& line, std::uint32_t i) {
    const fw_bucket6& bucket = line.bucket6;
    return bucket.entries[i] == 0 && bucket.high[i] == 0 && bucket.low[i] == 0;
  }
  static bool Holds(const Line& line, std::uint32_t i, const Code& code) {
    const fw_bucket6& bucket = line.bucket6;
    return bucket.entries[i] != 0 && bucket.high[i] == code.high &&
           bucket.low[i] == code.low &&
           (bucket.entries[i] & FW_SLOT_HOST) == code.host;
  }
  static void Write(Line& line, std::uint32_t i, const Code& code,
                    std::uint32_t entry) {
    fw_bucket6& bucket = line.bucket6;
    Publish(bucket.low[i], code.low);
    Publish(bucket.high[i], code.high);
    Publish(bucket.entries[i], code.host | entry);
  }
  static void Erase(Line& line, std::uint32_t i) {
    fw_bucket6& bucket = line.bucket6;
    Publish(bucket.entries[i], 0u);
    // The code of ::/128 must not look like that of a free slot.
    if (bucket.high[i] == 0 && bucket.low[i] == 0) {
      Publish<__u64>(bucket.low[i], 1);
    }
  }
  static void Free(Line& line, std::uint32_t i) {
    Publish<__u64>(line.bucket6.high[i], 0);
    Publish<__u64>(line.bucket6.low[i], 0);
  }
  static Key<Address6> KeyAt(const Line& line, std::uint32_t i) {
    const fw_bucket6& bucket = line.bucket6;
    const Address6 code = absl::MakeUint128(bucket.high[i], bucket.low[i]);
    if (bucket.entries[i] & FW_SLOT_HOST) return {code, 128};
    const int length = bucket.low[i] != 0
                           ? 127 - std::countr_zero(bucket.low[i])
                           : 63 - std::countr_zero(bucket.high[i]);
    return {Truncate(code, length), static_cast<std::uint8_t>(length)};
  }
  static std::uint64_t Reach(const Line& line) { return line.bucket6.reach; }
  static void SetReach(Line& line, std::uint32_t reach) {
    Publish(line.bucket6.reach, reach);
  }
};

}  // namespace fwagent::lookup

#endif  // FWAGENT_AGENT_LOOKUP_BUCKET_SLOTS_H_
