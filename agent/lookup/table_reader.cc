#include "agent/lookup/table_reader.h"

#include <algorithm>
#include <array>
#include <bit>

#include "agent/lookup/bucket_lines.h"
#include "agent/lookup/chunk_image.h"
#include "agent/lookup/generation.h"
#include "agent/lookup/line_arena.h"

namespace fwagent::lookup {
namespace {

constexpr std::uint32_t kChunkLength = FW_CHUNK_LENGTH;
constexpr std::uint32_t kPlaces = FW_ROOT_WORDS * FW_CHUNK_PLACES;

policy::SourceVerdict VerdictOf(std::uint32_t kind) {
  switch (kind) {
    case FW_ENTRY_BLOCK:
      return policy::SourceVerdict::kBlock;
    case FW_ENTRY_ALLOW:
      return policy::SourceVerdict::kAllow;
    default:
      return policy::SourceVerdict::kNone;
  }
}

template <typename Address>
class Reader {
 public:
  explicit Reader(LineMemory& memory) : memory_(memory) {
    const fw_table_state& state = *memory.state();
    const bool which = (state.active >> Family() & 1) != 0;
    generation_ = state.generations[Family()][which];
  }

  std::vector<Finding<Address>> Read() {
    if (generation_.root_slab == 0) return {};
    for (std::uint32_t index = 0; index < FW_ROOT_WORDS; ++index) {
      ReadChunk(index);
    }
    EndRun(kPlaces);
    ReadBuckets();
    return std::move(findings_);
  }

 private:
  static std::size_t Family() {
    return static_cast<std::size_t>(kFamily<Address>);
  }

  // A line of zeros, followed by more, where there is no such line.
  const Line& At(std::uint32_t number) const {
    static const std::array<Line, LineArena::kMaxRun> nothing{};
    return memory_.Has(number) ? *memory_.line(number) : nothing[0];
  }

  void ReadChunk(std::uint32_t index) {
    const __u64 root =
        At(generation_.root_slab * FW_SLAB_LINES + index / FW_LINE_WORDS)
            .words[index % FW_LINE_WORDS];
    const std::uint32_t first = index * FW_CHUNK_PLACES;
    if ((root & FW_ROOT_CHUNK) == 0) {
      Continue(first, static_cast<std::uint32_t>(root));
      return;
    }
    const ChunkImage image = DecodeChunk(&At(root & FW_ENTRY_PAYLOAD));
    for (std::uint32_t place = 0; place < FW_CHUNK_PLACES; ++place) {
      Continue(first + place, Background(image[place]));
    }
  }

  // The entry of what no longer prefix says, where longer ones are said apart.
  std::uint32_t Background(std::uint32_t entry) const {
    if (!GoesOn(entry)) return entry;
    if (fw_kind_of(entry) == FW_ENTRY_LENGTHS) return 0;
    const std::uint32_t record = entry & FW_ENTRY_PAYLOAD;
    return At(record / FW_LINE_RECORDS)
        .subtrees[record % FW_LINE_RECORDS]
        .background;
  }

  // From this /24 on, counted from the first one, the entry is this one.
  void Continue(std::uint32_t place, std::uint32_t entry) {
    if (entry == run_entry_) return;
    EndRun(place);
    run_entry_ = entry;
    run_first_ = place;
  }

  // Tells the run in prefixes, the fewest that there are.
  void EndRun(std::uint32_t end) {
    std::uint32_t first = run_first_;
    while (run_entry_ != 0 && first < end) {
      const auto aligned = static_cast<std::uint32_t>(
          first == 0 ? int{kChunkLength} : std::countr_zero(first));
      const auto fitting =
          static_cast<std::uint32_t>(std::bit_width(end - first)) - 1;
      const std::uint32_t bits = std::min(aligned, fitting);
      Tell({FromTop32<Address>(first << 8),
            static_cast<std::uint8_t>(kChunkLength - bits)},
           run_entry_);
      first += 1u << bits;
    }
  }

  void ReadBuckets() {
    const BucketLines<Address> lines(&memory_, generation_);
    const std::uint32_t first = generation_.bucket_slab * FW_SLAB_LINES;
    const std::uint32_t end =
        first + generation_.bucket_count + FW_BUCKET_REACH;
    if (!memory_.Has(first) || !memory_.Has(end - 1)) return;
    for (std::uint32_t number = first; number < end; ++number) {
      for (std::uint32_t i = 0; i < BucketLines<Address>::kSlots; ++i) {
        const std::uint32_t entry =
            lines.Entry({.home = number, .distance = 0, .slot = i});
        if (entry != 0) Tell(lines.KeyAt(number, i), Background(entry));
      }
    }
  }

  // The verdict of an entry or of a meaning.
  Fold FoldOf(std::uint32_t kind, std::uint32_t payload) const {
    if (kind != FW_ENTRY_TIMED) {
      return {.number = payload, .verdict = VerdictOf(kind)};
    }
    const fw_terms& terms =
        At(payload / FW_LINE_RECORDS).terms[payload % FW_LINE_RECORDS];
    if (terms.allow_until == policy::kNever) {
      return {.number = terms.block_rule,
              .verdict = policy::SourceVerdict::kBlock,
              .until = terms.block_until};
    }
    return {.number = terms.allow_rule,
            .verdict = policy::SourceVerdict::kAllow,
            .until = terms.allow_until,
            .block_until = terms.block_until,
            .block_number = terms.block_rule};
  }

  void Tell(const Key<Address>& key, std::uint32_t entry) {
    const std::uint32_t payload = entry & FW_ENTRY_PAYLOAD;
    if (entry == 0) return;
    if (fw_kind_of(entry) != FW_ENTRY_MEANING) {
      findings_.push_back({key, FoldOf(fw_kind_of(entry), payload)});
      return;
    }
    const fw_meaning& meaning =
        At(payload / FW_LINE_RECORDS).meanings[payload % FW_LINE_RECORDS];
    Fold fold = FoldOf(meaning.verdict, meaning.rule);
    fold.classes = meaning.classes;
    findings_.push_back({key, fold});
  }

  LineMemory& memory_;
  fw_generation generation_;
  std::vector<Finding<Address>> findings_;
  std::uint32_t run_entry_ = 0;
  std::uint32_t run_first_ = 0;
};

}  // namespace

template <typename Address>
std::vector<Finding<Address>> ReadTable(LineMemory& memory) {
  return Reader<Address>(memory).Read();
}

template std::vector<Finding<Address4>> ReadTable(LineMemory& memory);
template std::vector<Finding<Address6>> ReadTable(LineMemory& memory);

}  // namespace fwagent::lookup
