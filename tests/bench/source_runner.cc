#include "tests/bench/source_runner.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <endian.h>

#include <cstring>
#include <utility>

#include "tests/bench/streams.h"
#include "tests/bench/support.h"
#include "vary_source.skel.h"

namespace fwagent::bench {
namespace {

using policy::Family;

}  // namespace

SourceRunner::SourceRunner(Family family, std::vector<std::uint8_t> packet,
                           std::uint32_t tag_bytes)
    : family_(family), packet_(std::move(packet)), vary_(vary_source__open()) {
  OrDie(vary_ != nullptr, "vary_source");
  vary_->rodata->tag_bytes = tag_bytes;
  OrDie(vary_source__load(vary_) == 0, "vary_source");
}

SourceRunner::~SourceRunner() { vary_source__destroy(vary_); }

void SourceRunner::SetSources(std::span<const Address> sources) {
  auto& bss = *vary_->bss;
  OrDie(sources.size() == std::size(bss.sources4), "as many sources as fit");
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const std::uint64_t words[] = {
        htobe64(static_cast<std::uint64_t>(sources[i] >> 64)),
        htobe64(static_cast<std::uint64_t>(sources[i]))};
    if (family_ == Family::kIPv6) {
      std::memcpy(bss.sources6[i], words, sizeof(words));
    } else {
      std::memcpy(&bss.sources4[i], words, sizeof(bss.sources4[i]));
    }
  }
}

double SourceRunner::RunFirst(int program_fd, std::size_t packets) {
  const std::uint32_t key = 0;
  OrDie(bpf_map_update_elem(bpf_map__fd(vary_->maps.next), &key, &program_fd,
                            BPF_ANY) == 0,
        "tail call");
  vary_->bss->position = 0;
  bpf_test_run_opts options{};
  options.sz = sizeof(options);
  options.data_in = packet_.data();
  options.data_size_in = static_cast<std::uint32_t>(packet_.size());
  options.repeat = static_cast<int>(packets);
  const auto* entry =
      family_ == Family::kIPv6 ? vary_->progs.vary6 : vary_->progs.vary4;
  const double start = CpuNanoseconds();
  OrDie(bpf_prog_test_run_opts(bpf_program__fd(entry), &options) == 0,
        "test run");
  const double spent = CpuNanoseconds() - start;
  return spent / static_cast<double>(packets);
}

double SourceRunner::Run(int program_fd) {
  return RunFirst(program_fd, kStreamLength);
}

void SourceRunner::WarmUp(int program_fd) {
  RunFirst(program_fd, kStreamLength / 8);
}

int SourceRunner::EmptyProgramFd() const {
  return bpf_program__fd(vary_->progs.empty);
}

}  // namespace fwagent::bench
