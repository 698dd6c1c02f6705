#include "tests/bench/kernel_memory.h"

#include <unistd.h>

#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "tests/bench/support.h"

namespace fwagent::bench {
namespace {

// The sum of the lines of a /proc file that begin with one of the names.
template <typename... Names>
std::uint64_t SumOf(const std::string& path, Names... names) {
  std::ifstream file(path);
  OrDie(file.is_open(), path);
  std::uint64_t sum = 0;
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::string name = line.substr(0, colon);
    if (((name == names) || ...)) sum += std::stoull(line.substr(colon + 1));
  }
  return sum;
}

std::uint64_t KernelBytes() {
  return 1024 * SumOf("/proc/meminfo", "Slab", "Percpu", "VmallocUsed");
}

}  // namespace

std::uint64_t StatedBytes(int map_fd) {
  return SumOf(absl::StrCat("/proc/self/fdinfo/", map_fd), "memlock");
}

std::uint64_t StatedBytes(const bpf_object* object) {
  std::uint64_t sum = 0;
  const bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) sum += StatedBytes(bpf_map__fd(map));
  return sum;
}

std::uint64_t SettledKernelBytes() {
  constexpr std::uint64_t kNoise = 256 << 10;
  constexpr int kMostWaits = 100;
  std::uint64_t before = KernelBytes();
  for (int i = 0; i < kMostWaits; ++i) {
    usleep(150'000);
    const std::uint64_t now = KernelBytes();
    if (now + kNoise >= before) return now;
    before = now;
  }
  return before;
}

}  // namespace fwagent::bench
