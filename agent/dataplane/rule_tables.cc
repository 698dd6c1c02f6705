#include "agent/dataplane/rule_tables.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <numeric>
#include <random>
#include <utility>

#include "agent/lookup/rule_image.h"
#include "agent/util/errno_status.h"
#include "agent/util/status_macros.h"
#include "bpf/fw_table.h"

namespace fwagent::dataplane {
namespace {

constexpr std::uint32_t kCounters = FW_RULE_COUNTERS;

std::uint64_t RandomSeed() {
  std::random_device random;
  return std::uint64_t{random()} << 32 | random();
}

}  // namespace

RuleTables::RuleTables(lookup::LineMemory* memory, const SourceMapFds& fds)
    : memory_(memory),
      hits_fd_(fds.hits),
      buckets_fd_(fds.buckets),
      cpus_(static_cast<std::size_t>(std::max(1, libbpf_num_possible_cpus()))) {
  FindCounters();
  if (seed_ == 0) seed_ = RandomSeed();
}

bool RuleTables::has_rules() const {
  return (memory_->state()->active & FW_ACTIVE_HAS_RULES) != 0;
}

std::size_t RuleTables::live_half() const {
  return (memory_->state()->active & FW_ACTIVE_RULES) != 0 ? 1 : 0;
}

// Those of an earlier run, which wrote them into its image.
void RuleTables::FindCounters() {
  if (!has_rules()) return;
  const fw_rule_tables& tables = memory_->state()->rules[live_half()];
  seed_ = tables.seed;
  const util::MutexLock lock(&mutex_);
  for (std::uint32_t i = 0;
       i < std::min<std::uint32_t>(tables.count, FW_MAX_RULES); ++i) {
    if (!memory_->Has(tables.rules + i)) return;
    const fw_rule& rule = memory_->line(tables.rules + i)->rule;
    if (rule.counter < kCounters) counters_[rule.id] = rule.counter;
  }
}

absl::Status RuleTables::Clear(std::uint32_t counter) const {
  const std::vector<fw_counter> zeros(cpus_);
  if (bpf_map_update_elem(hits_fd_, &counter, zeros.data(), BPF_ANY) != 0) {
    return util::ErrnoToStatus(errno, "clear fw_rule_hits");
  }
  const fw_rule_bucket full{};
  if (bpf_map_update_elem(buckets_fd_, &counter, &full, BPF_ANY) != 0) {
    return util::ErrnoToStatus(errno, "fill fw_rule_buckets");
  }
  return absl::OkStatus();
}

// None is taken from a rule that is still in force.
absl::Status RuleTables::TakeCounters(const policy::OrderedRules& rules,
                                      Counters& counters) const {
  const util::MutexLock lock(&mutex_);
  std::vector<bool> used(kCounters);
  for (const auto& [rule, counter] : counters_) used[counter] = true;
  std::uint32_t next = 0;
  for (const policy::OrderedRule& rule : rules.rules) {
    const auto known = counters_.find(rule.id);
    if (known != counters_.end()) {
      counters.insert(*known);
      continue;
    }
    while (used[next]) ++next;
    FW_RETURN_IF_ERROR(Clear(next));
    counters.emplace(rule.id, next++);
  }
  return absl::OkStatus();
}

absl::Status RuleTables::Write(const policy::OrderedRules& rules,
                               const std::vector<std::string>& interfaces,
                               const Counters& counters) {
  lookup::RuleContext context{
      .interfaces = interfaces, .counters = {}, .seed = seed_};
  for (const policy::OrderedRule& rule : rules.rules) {
    context.counters.push_back(counters.at(rule.id));
  }
  FW_ASSIGN_OR_RETURN(const lookup::RuleImage image,
                      MakeRuleImage(rules, context));
  const auto slabs = static_cast<std::uint32_t>(
      (image.lines.size() + FW_SLAB_LINES - 1) / FW_SLAB_LINES);
  FW_ASSIGN_OR_RETURN(const std::uint32_t first, memory_->AddSlabs(slabs));
  next_slabs_.resize(slabs);
  std::iota(next_slabs_.begin(), next_slabs_.end(), first);
  const std::uint32_t line = first * FW_SLAB_LINES;
  std::memcpy(memory_->line(line), image.lines.data(),
              image.lines.size() * sizeof(fw_line));
  memory_->state()->rules[1 - live_half()] = lookup::MoveTo(image.tables, line);
  return absl::OkStatus();
}

absl::StatusOr<std::uint32_t> RuleTables::Stage(
    const policy::OrderedRules& rules,
    const std::vector<std::string>& interfaces) {
  Counters counters;
  FW_RETURN_IF_ERROR(TakeCounters(rules, counters));
  const bool will_have = !rules.rules.empty();
  if (will_have) {
    FW_RETURN_IF_ERROR(Write(rules, interfaces, counters));
  } else {
    memory_->state()->rules[1 - live_half()] = {};
  }
  next_counters_ = std::move(counters);
  std::uint32_t bits = FW_ACTIVE_RULES;
  if (will_have != has_rules()) bits |= FW_ACTIVE_HAS_RULES;
  return bits;
}

void RuleTables::Finish() {
  if (!live_slabs_.empty()) memory_->RemoveSlabs(live_slabs_);
  live_slabs_ = std::exchange(next_slabs_, {});
  const util::MutexLock lock(&mutex_);
  counters_ = std::exchange(next_counters_, {});
}

void RuleTables::Forget() {
  if (!next_slabs_.empty()) memory_->RemoveSlabs(next_slabs_);
  next_slabs_.clear();
  next_counters_.clear();
}

absl::StatusOr<std::vector<RuleHits>> RuleTables::ReadHits() const {
  std::vector<RuleHits> hits;
  std::vector<fw_counter> per_cpu(cpus_);
  const util::MutexLock lock(&mutex_);
  for (const auto& [rule, counter] : counters_) {
    if (bpf_map_lookup_elem(hits_fd_, &counter, per_cpu.data()) != 0) {
      return util::ErrnoToStatus(errno, "read fw_rule_hits");
    }
    RuleHits sum{.rule = rule, .count = {}};
    for (const fw_counter& one : per_cpu) {
      sum.count.packets += one.packets;
      sum.count.bytes += one.bytes;
    }
    hits.push_back(sum);
  }
  return hits;
}

}  // namespace fwagent::dataplane
