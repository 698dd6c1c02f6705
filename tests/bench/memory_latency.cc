#include "tests/bench/memory_latency.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <span>
#include <vector>

#include "tests/bench/support.h"

namespace fwagent::bench {
namespace {

struct alignas(64) CacheLine {
  std::uint32_t next;
};

// One circle through all lines, in random order.
void Link(std::span<CacheLine> lines) {
  std::vector<std::uint32_t> order(lines.size());
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), std::minstd_rand(1));
  for (std::size_t i = 0; i < order.size(); ++i) {
    lines[order[i]].next = order[(i + 1) % order.size()];
  }
}

}  // namespace

double DependentLoad(std::size_t bytes) {
  constexpr int kLoads = 1 << 20;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  OrDie(memory != MAP_FAILED, "mmap");
  madvise(memory, bytes, MADV_NOHUGEPAGE);
  const std::span<CacheLine> lines(static_cast<CacheLine*>(memory),
                                   bytes / sizeof(CacheLine));
  Link(lines);
  std::uint32_t at = 0;
  double best = 0;
  for (int round = 0; round < 3; ++round) {
    const double start = CpuNanoseconds();
    for (int i = 0; i < kLoads; ++i) {
      at = *static_cast<volatile std::uint32_t*>(&lines[at].next);
    }
    const double spent = (CpuNanoseconds() - start) / kLoads;
    best = round == 0 ? spent : std::min(best, spent);
  }
  munmap(memory, bytes);
  return best;
}

}  // namespace fwagent::bench
