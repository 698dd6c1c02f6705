// The kernel's own tables.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <endian.h>

#include <array>
#include <cstring>

#include "candidate_hash.skel.h"
#include "candidate_trie.skel.h"
#include "tests/bench/candidate_object.h"

namespace fwagent::bench {
namespace {

using policy::Family;

// 16 bytes in network byte order; for IPv4 the first four count.
std::array<char, 16> BytesOf(Address address) {
  const std::uint64_t words[] = {
      htobe64(static_cast<std::uint64_t>(address >> 64)),
      htobe64(static_cast<std::uint64_t>(address))};
  std::array<char, 16> bytes;
  std::memcpy(bytes.data(), words, bytes.size());
  return bytes;
}

// Keys as the map wants them, one after the other, in one call.
void Fill(const bpf_map* map, const RuleSet& set) {
  const std::size_t key_size = bpf_map__key_size(map);
  const std::size_t address_size = set.family == Family::kIPv6 ? 16 : 4;
  std::vector<char> keys(set.rules.size() * key_size);
  std::vector<std::uint32_t> values;
  values.reserve(set.rules.size());
  char* key = keys.data();
  for (const Rule& rule : set.rules) {
    // Only a trie's key begins with the length.
    std::memcpy(key, &rule.length, key_size - address_size);
    std::memcpy(key + key_size - address_size, BytesOf(rule.address).data(),
                address_size);
    key += key_size;
    values.push_back(rule.value);
  }
  auto count = static_cast<std::uint32_t>(set.rules.size());
  bpf_map_batch_opts options{};
  options.sz = sizeof(options);
  OrDie(bpf_map_update_batch(bpf_map__fd(map), keys.data(), values.data(),
                             &count, &options) == 0,
        "fill a map of the kernel");
}

}  // namespace

std::unique_ptr<Candidate> LoadTrie(const RuleSet& set) {
  auto object = std::make_unique<CandidateObject<candidate_trie>>(set.family);
  auto& maps = (*object)->maps;
  bpf_map* map = set.family == Family::kIPv6 ? maps.prefixes6 : maps.prefixes4;
  object->Resize(map, set.rules.size());
  object->Load();
  Fill(map, set);
  return object;
}

std::unique_ptr<Candidate> LoadHash(const RuleSet& set) {
  auto object = std::make_unique<CandidateObject<candidate_hash>>(set.family);
  auto& maps = (*object)->maps;
  bpf_map* map = set.family == Family::kIPv6 ? maps.hosts6 : maps.hosts4;
  object->Resize(map, set.rules.size());
  object->Load();
  Fill(map, set);
  return object;
}

}  // namespace fwagent::bench
