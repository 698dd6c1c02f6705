#include "agent/lookup/prefix_index.h"

#include <algorithm>

namespace fwagent::lookup {
namespace {

constexpr int kChunkLength = FW_CHUNK_LENGTH;
// As many are looked through before an answer is guessed.
constexpr int kPatience = 64;

}  // namespace

template <typename Address>
PrefixIndex<Address>::PrefixIndex(std::span<const Item<Address>> items) {
  for (const Item<Address>& item : items) {
    Map& map = MapOf(item.key);
    map.emplace_hint(map.end(), item.key, item.number);
    ++count_by_length_[item.key.length];
  }
}

template <typename Address>
auto PrefixIndex<Address>::MapOf(const Key<Address>& key) -> Map& {
  return key.length <= kChunkLength ? chunked_ : longer_;
}

template <typename Address>
std::uint32_t PrefixIndex<Address>::Find(const Key<Address>& key) const {
  const Map& map = key.length <= kChunkLength ? chunked_ : longer_;
  const auto found = map.find(key);
  return found == map.end() ? 0 : found->second;
}

template <typename Address>
void PrefixIndex<Address>::Insert(const Key<Address>& key,
                                  std::uint32_t number) {
  MapOf(key).emplace(key, number);
  ++count_by_length_[key.length];
}

template <typename Address>
void PrefixIndex<Address>::Erase(const Key<Address>& key) {
  MapOf(key).erase(key);
  --count_by_length_[key.length];
}

template <typename Address>
std::vector<Item<Address>> PrefixIndex<Address>::Items() const {
  std::vector<Item<Address>> items;
  items.reserve(size());
  auto chunked = chunked_.begin();
  for (const auto& [key, number] : longer_) {
    for (; chunked != chunked_.end() && chunked->first < key; ++chunked) {
      items.push_back({chunked->first, chunked->second});
    }
    items.push_back({key, number});
  }
  for (; chunked != chunked_.end(); ++chunked) {
    items.push_back({chunked->first, chunked->second});
  }
  return items;
}

template <typename Address>
Fold PrefixIndex<Address>::FoldAt(const Key<Address>& key,
                                  const Statements& statements) const {
  Fold fold;
  for (int length = 0; length <= key.length; ++length) {
    if (count_by_length_[static_cast<std::size_t>(length)] == 0) continue;
    const std::uint32_t number = Find(
        {Truncate(key.address, length), static_cast<std::uint8_t>(length)});
    if (number != 0) fold = Narrow(fold, number, statements.Get(number));
  }
  return fold;
}

template <typename Address>
bool PrefixIndex<Address>::HasLongerInside(const Key<Address>& key,
                                           int length) const {
  const int longer_than = std::max<int>(length, key.length);
  int patience = kPatience;
  for (auto inside = longer_.lower_bound(key);
       inside != longer_.end() && key.Holds(inside->first); ++inside) {
    if (inside->first.length > longer_than || patience-- == 0) return true;
  }
  return false;
}

template class PrefixIndex<Address4>;
template class PrefixIndex<Address6>;

}  // namespace fwagent::lookup
