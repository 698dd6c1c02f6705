// What one load costs on this machine, now: the floor of every table.
#ifndef FWAGENT_TESTS_BENCH_MEMORY_LATENCY_H_
#define FWAGENT_TESTS_BENCH_MEMORY_LATENCY_H_

#include <cstddef>

namespace fwagent::bench {

// Nanoseconds from a load to the next one that depends on it, at random places
// of this much memory in pages of 4 KiB, which are what BPF arrays have too.
double DependentLoad(std::size_t bytes);

}  // namespace fwagent::bench

#endif  // FWAGENT_TESTS_BENCH_MEMORY_LATENCY_H_
