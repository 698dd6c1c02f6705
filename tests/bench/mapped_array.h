// The memory of a BPF array with BPF_F_MMAPABLE.
#ifndef FWAGENT_TESTS_BENCH_MAPPED_ARRAY_H_
#define FWAGENT_TESTS_BENCH_MAPPED_ARRAY_H_

#include <bpf/libbpf.h>
#include <sys/mman.h>

#include <cstddef>
#include <span>

#include "tests/bench/support.h"

namespace fwagent::bench {

// Mapped for writing while it lives. T is an entry of the array's values: a
// value may have several, and must have no padding.
template <typename T>
class MappedArray {
 public:
  explicit MappedArray(const bpf_map* map)
      : bytes_(std::size_t{bpf_map__max_entries(map)} *
               bpf_map__value_size(map)),
        memory_(mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED,
                     bpf_map__fd(map), 0)) {
    OrDie(memory_ != MAP_FAILED, "map an array");
  }
  ~MappedArray() { munmap(memory_, bytes_); }
  MappedArray(const MappedArray&) = delete;
  MappedArray& operator=(const MappedArray&) = delete;

  std::span<T> entries() {
    return {static_cast<T*>(memory_), bytes_ / sizeof(T)};
  }

 private:
  std::size_t bytes_;
  void* memory_;
};

}  // namespace fwagent::bench

#endif  // FWAGENT_TESTS_BENCH_MAPPED_ARRAY_H_
