#include "agent/lookup/bucket_lines.h"

#include <algorithm>
#include <bit>

namespace fwagent::lookup {
namespace {

fw_tag_kind TagKindOf(std::uint32_t entry) {
  switch (fw_kind_of(entry)) {
    case FW_ENTRY_BLOCK:
      return FW_TAG_BLOCK;
    case FW_ENTRY_ALLOW:
      return FW_TAG_ALLOW;
    default:
      return FW_TAG_OTHER;
  }
}

// The reverse of fw_shuffle32: its multipliers' inverses, its shifts undone.
std::uint32_t Unshuffle32(std::uint32_t x, std::uint64_t seed) {
  x ^= x >> 16;
  x *= 0x43021123;
  x ^= x >> 15 ^ x >> 30;
  x *= 0x1d69e2a5;
  x ^= x >> 16;
  return x ^ static_cast<std::uint32_t>(seed);
}

std::uint32_t Mask(std::uint32_t bits) { return (1u << bits) - 1; }

// The same of fw_shuffle_prefix.
std::uint32_t UnshufflePrefix(std::uint32_t x, std::uint32_t bits,
                              std::uint64_t seed) {
  const std::uint32_t half = bits / 2;
  x ^= x >> half;
  x = x * 0x541b59d & Mask(bits);
  x ^= x >> (half - 1) ^ x >> 2 * (half - 1);
  x = x * 0xce1e64f & Mask(bits);
  x ^= x >> half;
  return (x ^ static_cast<std::uint32_t>(seed >> 32)) & Mask(bits);
}

std::uint32_t AnchorOf(int length) {
  return length < FW_ANCHOR_LONG ? FW_ANCHOR_SHORT : FW_ANCHOR_LONG;
}

// What follows the anchor: the other bits, a one, zeros.
std::uint32_t SuffixOf(const Key<Address4>& prefix, std::uint32_t anchor) {
  const std::uint32_t code = prefix.address | 1u << (31 - prefix.length);
  return code >> (32 - anchor - FW_TAG_SUFFIX_BITS) & FW_TAG_SUFFIX_MASK;
}

}  // namespace

std::uint64_t BucketLines<Address4>::Size(std::uint64_t slots,
                                          fw_generation& generation) {
  // As few as make a slab full.
  constexpr std::uint32_t kFewest = std::bit_width(FW_SLAB_LINES / 2u) - 2;
  static_assert(kFewest >= FW_BUCKET4_MIN_BITS);
  std::uint32_t bits = kFewest;
  while (std::uint64_t{kSlots} << bits < slots) ++bits;
  generation.bucket_bits = bits;
  generation.bucket_count = 1u << bits;
  return 2 * (std::uint64_t{generation.bucket_count} + FW_BUCKET_REACH);
}

auto BucketLines<Address4>::CodeOf(const Key<Address4>& prefix) const -> Code {
  const std::uint32_t first = generation_.bucket_slab * FW_SLAB_LINES;
  if (prefix.length == 32) {
    const std::uint32_t shuffled =
        fw_shuffle32(prefix.address, generation_.seed);
    const std::uint32_t rest_bits = 32 - generation_.bucket_bits;
    return {
        .home = first + (shuffled >> rest_bits),
        .tag = (shuffled & Mask(rest_bits)) << FW_TAG_REST_SHIFT | FW_TAG_HOST};
  }
  const std::uint32_t anchor = AnchorOf(prefix.length);
  const std::uint32_t shuffled = fw_shuffle_prefix(
      prefix.address >> (32 - anchor), anchor, generation_.seed);
  const std::uint32_t rest_bits = anchor - generation_.bucket_bits;
  return {.home = first + (shuffled >> rest_bits),
          .tag = (anchor == FW_ANCHOR_LONG ? FW_TAG_LONG : 0) |
                 ((shuffled & Mask(rest_bits)) << FW_TAG_SUFFIX_BITS |
                  SuffixOf(prefix, anchor))
                     << FW_TAG_SUFFIX_SHIFT};
}

std::uint32_t BucketLines<Address4>::Entry(const BucketPlace& place) const {
  return (Tag(place) & FW_TAG_KIND) == FW_TAG_FREE ? 0 : EntryWord(place);
}

bool BucketLines<Address4>::IsFree(const BucketPlace& place) const {
  return Tag(place) == 0;
}

bool BucketLines<Address4>::Holds(const BucketPlace& place,
                                  const Code& code) const {
  const std::uint32_t tag = Tag(place);
  return (tag & FW_TAG_KIND) != FW_TAG_FREE &&
         (tag & ~FW_TAG_KIND) ==
             (code.tag | place.distance << FW_TAG_DISTANCE_SHIFT);
}

void BucketLines<Address4>::Write(const BucketPlace& place, const Code& code,
                                  std::uint32_t entry) {
  Publish(EntryWord(place), entry);
  Publish(Tag(place), code.tag | place.distance << FW_TAG_DISTANCE_SHIFT |
                          TagKindOf(entry));
}

// What is left is not 0, which is free: a host has its bit, others a suffix.
void BucketLines<Address4>::Erase(const BucketPlace& place) {
  Publish(Tag(place), Tag(place) & ~FW_TAG_KIND);
}

void BucketLines<Address4>::Free(const BucketPlace& place) {
  Publish(Tag(place), 0u);
}

Key<Address4> BucketLines<Address4>::KeyAt(std::uint32_t line,
                                           std::uint32_t slot) const {
  const std::uint32_t tag = memory_->line(line)->bucket4.tags[slot];
  const std::uint32_t distance = tag >> FW_TAG_DISTANCE_SHIFT & FW_BUCKET_REACH;
  const std::uint32_t index =
      line - distance - generation_.bucket_slab * FW_SLAB_LINES;
  if ((tag & FW_TAG_HOST) != 0) {
    return {Unshuffle32(index << (32 - generation_.bucket_bits) |
                            tag >> FW_TAG_REST_SHIFT,
                        generation_.seed),
            32};
  }
  const std::uint32_t suffix = tag >> FW_TAG_SUFFIX_SHIFT & FW_TAG_SUFFIX_MASK;
  const std::uint32_t anchor =
      (tag & FW_TAG_LONG) != 0 ? FW_ANCHOR_LONG : FW_ANCHOR_SHORT;
  const std::uint32_t rest_bits = anchor - generation_.bucket_bits;
  const std::uint32_t rest =
      tag >> (FW_TAG_SUFFIX_SHIFT + FW_TAG_SUFFIX_BITS) & Mask(rest_bits);
  const std::uint32_t first =
      UnshufflePrefix(index << rest_bits | rest, anchor, generation_.seed);
  const int length = static_cast<int>(anchor) + FW_TAG_SUFFIX_BITS - 1 -
                     std::countr_zero(suffix);
  const std::uint32_t address = (first << FW_TAG_SUFFIX_BITS | suffix)
                                << (32 - FW_TAG_SUFFIX_BITS - anchor);
  return {Truncate(address, length), static_cast<std::uint8_t>(length)};
}

std::uint32_t BucketLines<Address4>::Reach(std::uint32_t home) const {
  return memory_->line(home)->bucket4.reach;
}

void BucketLines<Address4>::SetReach(std::uint32_t home, std::uint32_t reach) {
  Publish(memory_->line(home)->bucket4.reach, reach);
}

std::uint64_t BucketLines<Address6>::Size(std::uint64_t slots,
                                          fw_generation& generation) {
  const std::uint64_t lines = slots / kSlots + 1 + FW_BUCKET_REACH;
  const std::uint64_t slabs = (lines + FW_SLAB_LINES - 1) / FW_SLAB_LINES;
  generation.bucket_count = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(slabs, FW_SLABS) * FW_SLAB_LINES -
      FW_BUCKET_REACH);
  return slabs * FW_SLAB_LINES;
}

auto BucketLines<Address6>::CodeOf(const Key<Address6>& prefix) const -> Code {
  const fw_code6 bits =
      fw_make_code6(absl::Uint128High64(prefix.address),
                    absl::Uint128Low64(prefix.address), prefix.length);
  return {.home = generation_.bucket_slab * FW_SLAB_LINES +
                  fw_home6(&bits, generation_.seed, generation_.bucket_count),
          .bits = bits};
}

std::uint32_t BucketLines<Address6>::Entry(const BucketPlace& place) const {
  return Bucket(place).entries[place.slot] & FW_ENTRY_MASK;
}

bool BucketLines<Address6>::IsFree(const BucketPlace& place) const {
  return Bucket(place).entries[place.slot] == 0;
}

bool BucketLines<Address6>::Holds(const BucketPlace& place,
                                  const Code& code) const {
  const fw_bucket6& bucket = Bucket(place);
  const std::uint32_t entry = bucket.entries[place.slot];
  return (entry & FW_ENTRY_MASK) != 0 &&
         bucket.high[place.slot] == code.bits.high &&
         bucket.low[place.slot] == code.bits.low &&
         (entry & FW_SLOT_HOST) == code.bits.host;
}

void BucketLines<Address6>::Write(const BucketPlace& place, const Code& code,
                                  std::uint32_t entry) {
  fw_bucket6& bucket = Bucket(place);
  Publish(bucket.low[place.slot], code.bits.low);
  Publish(bucket.high[place.slot], code.bits.high);
  Publish(bucket.entries[place.slot], code.bits.host | entry);
}

// The code stays, for who has read the entry and not yet the code. The bit
// alone is no prefix's entry.
void BucketLines<Address6>::Erase(const BucketPlace& place) {
  Publish(Bucket(place).entries[place.slot], FW_SLOT_HOST);
}

void BucketLines<Address6>::Free(const BucketPlace& place) {
  Publish(Bucket(place).entries[place.slot], 0u);
}

Key<Address6> BucketLines<Address6>::KeyAt(std::uint32_t line,
                                           std::uint32_t slot) const {
  const fw_bucket6& bucket = memory_->line(line)->bucket6;
  const Address6 code = absl::MakeUint128(bucket.high[slot], bucket.low[slot]);
  if (bucket.entries[slot] & FW_SLOT_HOST) return {code, 128};
  const int length = bucket.low[slot] != 0
                         ? 127 - std::countr_zero(bucket.low[slot])
                         : 63 - std::countr_zero(bucket.high[slot]);
  return {Truncate(code, length), static_cast<std::uint8_t>(length)};
}

std::uint32_t BucketLines<Address6>::Reach(std::uint32_t home) const {
  return memory_->line(home)->bucket6.reach;
}

void BucketLines<Address6>::SetReach(std::uint32_t home, std::uint32_t reach) {
  Publish(memory_->line(home)->bucket6.reach, reach);
}

}  // namespace fwagent::lookup
