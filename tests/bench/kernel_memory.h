// What the kernel spends on tables.
#ifndef FWAGENT_TESTS_BENCH_KERNEL_MEMORY_H_
#define FWAGENT_TESTS_BENCH_KERNEL_MEMORY_H_

#include <bpf/libbpf.h>

#include <cstdint>

namespace fwagent::bench {

// As the kernel states it for one map, in bytes. Too little for a trie, whose
// nodes are rounded up to the sizes that the slab allocator has.
std::uint64_t StatedBytes(int map_fd);
std::uint64_t StatedBytes(const bpf_object* object);

// All that the kernel took of the machine for small objects, per-CPU memory
// and large arrays, in bytes. Waits until frees in the background, which for a
// trie take seconds, are over.
std::uint64_t SettledKernelBytes();

}  // namespace fwagent::bench

#endif  // FWAGENT_TESTS_BENCH_KERNEL_MEMORY_H_
