// Whether the slabs are as the agent left them.
#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "agent/dataplane/bpffs.h"
#include "agent/dataplane/slab_array.h"
#include "agent/dataplane/slab_maps.h"
#include "agent/util/status_macros.h"

namespace fwagent::dataplane {
namespace {

constexpr std::uint64_t kPrime = 0x9e3779b97f4a7c15;

// Four sums beside each other, so that none waits for the one before. A single
// word that changes always changes its sum: kPrime is odd.
std::uint64_t Mix(const void* memory, std::size_t bytes, std::uint64_t seed) {
  std::array<std::uint64_t, 4> sums = {seed, seed + 1, seed + 2, seed + 3};
  const auto* words = static_cast<const std::uint64_t*>(memory);
  const std::size_t count = bytes / sizeof(*words);
  for (std::size_t i = 0; i + sums.size() <= count; i += sums.size()) {
    for (std::size_t lane = 0; lane < sums.size(); ++lane) {
      sums[lane] = (sums[lane] ^ words[i + lane]) * kPrime;
    }
  }
  for (std::size_t i = count - count % sums.size(); i < count; ++i) {
    sums[0] = (sums[0] ^ words[i]) * kPrime;
  }
  std::uint64_t whole = 0;
  for (const std::uint64_t sum : sums) whole = (whole ^ sum) * kPrime;
  return whole;
}

}  // namespace

absl::StatusOr<std::string> SlabMaps::Damage() const {
  FW_ASSIGN_OR_RETURN(const std::vector<std::string> pins,
                      pinned_ ? ListFolder(folder_)
                              : absl::StatusOr<std::vector<std::string>>(
                                    std::vector<std::string>()));
  for (std::uint32_t slab = 1; slab < FW_SLABS; ++slab) {
    if (!used_[slab] || std::find(unconnected_.begin(), unconnected_.end(),
                                  slab) != unconnected_.end()) {
      continue;
    }
    FW_ASSIGN_OR_RETURN(const std::uint32_t id, ConnectedId(slabs_fd_, slab));
    if (id != ids_[slab]) {
      return absl::StrCat("entry ", slab, " of fw_slabs was changed");
    }
    const std::string path = PinPath(slab);
    if (pinned_ && !std::binary_search(pins.begin(), pins.end(),
                                       path.substr(folder_.size() + 1))) {
      return absl::StrCat("the pin ", path, " was removed");
    }
  }
  return "";
}

std::uint64_t SlabMaps::Fingerprint() const {
  std::uint64_t mix = Mix(state_, sizeof(*state_), 0);
  mix = Mix(used_words_, kUsedBytes, mix);
  for (std::uint32_t slab = 1; slab < FW_SLABS; ++slab) {
    if (used_[slab]) mix = Mix(line(slab * FW_SLAB_LINES), kSlabBytes, mix);
  }
  return mix;
}

}  // namespace fwagent::dataplane
