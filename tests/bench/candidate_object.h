// A candidate that is one BPF object.
#ifndef FWAGENT_TESTS_BENCH_CANDIDATE_OBJECT_H_
#define FWAGENT_TESTS_BENCH_CANDIDATE_OBJECT_H_

#include <bpf/libbpf.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "tests/bench/candidate.h"
#include "tests/bench/kernel_memory.h"
#include "tests/bench/support.h"

namespace fwagent::bench {

// `Skeleton` is what bpftool made of a candidate_*.bpf.c: the programs judge4
// and, if it knows IPv6, judge6.
template <typename Skeleton>
class CandidateObject : public Candidate {
 public:
  // Opened, not loaded: its maps can still be sized.
  explicit CandidateObject(policy::Family family)
      : family_(family), skeleton_(Skeleton::open()) {
    OrDie(skeleton_ != nullptr, "open a candidate");
  }
  ~CandidateObject() override { Skeleton::destroy(skeleton_); }
  CandidateObject(const CandidateObject&) = delete;
  CandidateObject& operator=(const CandidateObject&) = delete;

  Skeleton* operator->() { return skeleton_; }

  static void Resize(bpf_map* map, std::size_t entries) {
    OrDie(
        bpf_map__set_max_entries(map, static_cast<std::uint32_t>(entries)) == 0,
        "size a map");
  }
  void Load() { OrDie(Skeleton::load(skeleton_) == 0, "load a candidate"); }

  int ProgramFd() const override {
    if constexpr (requires { skeleton_->progs.judge6; }) {
      if (family_ == policy::Family::kIPv6) {
        return bpf_program__fd(skeleton_->progs.judge6);
      }
    }
    return bpf_program__fd(skeleton_->progs.judge4);
  }

  Answers TakeAnswers() override {
    auto& answers = skeleton_->bss->answers;
    return {.hits = std::exchange(answers.hits, 0),
            .sum = std::exchange(answers.sum, 0)};
  }

  std::uint64_t StatedBytes() const override {
    return bench::StatedBytes(skeleton_->obj);
  }

 private:
  const policy::Family family_;
  Skeleton* skeleton_;
};

}  // namespace fwagent::bench

#endif  // FWAGENT_TESTS_BENCH_CANDIDATE_OBJECT_H_
