#include "agent/lookup/recent_changes.h"

#include <cstdint>

namespace fwagent::lookup {
namespace {

// One wait, some milliseconds, for so many changes is not felt.
constexpr std::size_t kMost = 8192;

}  // namespace

template <typename Address>
bool RecentChanges<Address>::Admits(const Key<Address>& key) const {
  return keys_.size() < kMost && !HasAround(key) && !HasInside(key);
}

template <typename Address>
bool RecentChanges<Address>::HasAround(const Key<Address>& key) const {
  for (int length = 0; length < key.length; ++length) {
    if (lengths_[static_cast<std::size_t>(length)] &&
        keys_.contains({Truncate(key.address, length),
                        static_cast<std::uint8_t>(length)})) {
      return true;
    }
  }
  return false;
}

template <typename Address>
bool RecentChanges<Address>::HasInside(const Key<Address>& key) const {
  const auto behind = keys_.upper_bound(key);
  return behind != keys_.end() && key.Holds(*behind);
}

template <typename Address>
void RecentChanges<Address>::Note(const Key<Address>& key) {
  keys_.insert(key);
  lengths_.set(key.length);
}

template <typename Address>
void RecentChanges<Address>::Forget() {
  keys_.clear();
  lengths_.reset();
}

template class RecentChanges<Address4>;
template class RecentChanges<Address6>;

}  // namespace fwagent::lookup
