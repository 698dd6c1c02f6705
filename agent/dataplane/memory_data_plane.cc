#include "agent/dataplane/memory_data_plane.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "agent/dataplane/errors.h"
#include "agent/dataplane/slots.h"
#include "agent/lookup/address.h"
#include "agent/util/status_macros.h"

namespace fwagent::dataplane {
namespace {

using policy::Family;
using policy::Prefix;

constexpr std::uint32_t kForeignProgramId = 42;
constexpr char kNoNativeXdp[] = "the driver has no native XDP";

std::size_t Index(policy::Protocol protocol) {
  return static_cast<std::size_t>(protocol);
}

template <typename Sources>
std::uint64_t CountOf(Family family, const Sources& sources) {
  return static_cast<std::uint64_t>(std::count_if(
      sources.begin(), sources.end(),
      [family](const auto& entry) { return entry.first.family() == family; }));
}

bool Holds(const Prefix& outer, const Prefix& inner) {
  if (outer.family() != inner.family()) return false;
  return outer.family() == Family::kIPv4
             ? lookup::KeyOf<lookup::Address4>(outer).Holds(
                   lookup::KeyOf<lookup::Address4>(inner))
             : lookup::KeyOf<lookup::Address6>(outer).Holds(
                   lookup::KeyOf<lookup::Address6>(inner));
}

}  // namespace

MemoryDataPlane::MemoryDataPlane(const Options& options)
    : max_sources_(options.max_sources),
      slots_(options.max_interfaces),
      counters_(options.max_interfaces) {
  ports_.fill(policy::PortTable());
  for (const std::string& name : options.interfaces) AddInterface(name);
}

absl::Status MemoryDataPlane::AddSource(const policy::SourceRule& rule) {
  const util::MutexLock lock(&mutex_);
  FW_RETURN_IF_ERROR(TakeFailure(Operation::kAddSource));
  if (!sources_loaded_) return SourcesNotLoaded();
  const Family family = rule.prefix.family();
  if (!sources_.contains(rule.prefix) &&
      CountOf(family, sources_) >= max_sources_) {
    return SourceTableFull(family, max_sources_);
  }
  sources_[rule.prefix] = rule;
  return absl::OkStatus();
}

absl::Status MemoryDataPlane::RemoveSource(const Prefix& prefix) {
  const util::MutexLock lock(&mutex_);
  FW_RETURN_IF_ERROR(TakeFailure(Operation::kRemoveSource));
  if (!sources_loaded_) return SourcesNotLoaded();
  if (sources_.erase(prefix) == 0) return SourceNotInTable(prefix);
  return absl::OkStatus();
}

absl::StatusOr<MemoryDataPlane::Sources> MemoryDataPlane::SourcesFrom(
    const std::vector<policy::SourceRule>& rules) const {
  Sources next;
  for (const policy::SourceRule& rule : rules) {
    if (!next.emplace(rule.prefix, rule).second) {
      return SourceGivenTwice(rule.prefix);
    }
  }
  for (const Family family : {Family::kIPv4, Family::kIPv6}) {
    const std::uint64_t count = CountOf(family, next);
    if (count > max_sources_) {
      return TooManySources(family, count, max_sources_);
    }
  }
  return next;
}

absl::Status MemoryDataPlane::CheckNew(const NewTables& next) {
  if (next.sources != nullptr) {
    FW_RETURN_IF_ERROR(TakeFailure(Operation::kReplaceSources));
  }
  for (const policy::PortTable* table : next.ports) {
    if (table == nullptr) continue;
    FW_RETURN_IF_ERROR(TakeFailure(Operation::kReplacePorts));
    FW_RETURN_IF_ERROR(CheckPortTable(*table));
  }
  if (next.ordered != nullptr) {
    FW_RETURN_IF_ERROR(TakeFailure(Operation::kReplaceOrdered));
  }
  return absl::OkStatus();
}

absl::Status MemoryDataPlane::ReplaceTables(const NewTables& next) {
  const util::MutexLock lock(&mutex_);
  FW_RETURN_IF_ERROR(CheckNew(next));
  if (next.sources != nullptr) {
    FW_ASSIGN_OR_RETURN(sources_, SourcesFrom(*next.sources));
    sources_loaded_ = true;
    sources_known_ = true;
  }
  for (std::size_t i = 0; i < next.ports.size(); ++i) {
    if (next.ports[i] != nullptr) ports_[i] = *next.ports[i];
  }
  if (next.ordered != nullptr) ordered_ = *next.ordered;
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::vector<policy::SourceRule>>>
MemoryDataPlane::ReadSources() {
  const util::MutexLock lock(&mutex_);
  FW_RETURN_IF_ERROR(TakeFailure(Operation::kReadSources));
  if (!sources_known_) return std::nullopt;
  std::vector<policy::SourceRule> rules;
  rules.reserve(sources_.size());
  for (const auto& [prefix, rule] : sources_) rules.push_back(rule);
  return rules;
}

bool MemoryDataPlane::InheritsTables() const {
  const util::MutexLock lock(&mutex_);
  return inherits_tables_;
}

void MemoryDataPlane::SetInheritsTables(bool inherits) {
  const util::MutexLock lock(&mutex_);
  inherits_tables_ = inherits;
}

dataplane::SourceUsage MemoryDataPlane::SourceUsage(Family family) const {
  const util::MutexLock lock(&mutex_);
  const std::uint64_t prefixes = CountOf(family, sources_);
  return {.prefixes = prefixes,
          .capacity = max_sources_,
          .memory_bytes = prefixes * sizeof(policy::SourceRule)};
}

absl::StatusOr<LivePorts> MemoryDataPlane::ReadPorts() {
  const util::MutexLock lock(&mutex_);
  FW_RETURN_IF_ERROR(TakeFailure(Operation::kReadPorts));
  return ports_;
}

absl::StatusOr<MemoryDataPlane::Guard> MemoryDataPlane::AttachAnew(
    const std::string& interface, const Device& device,
    ModePreference preference) {
  if (device.foreign != AttachMode::kNone) {
    return ForeignProgram(interface, kForeignProgramId, device.foreign);
  }
  Guard guard{.ifindex = device.ifindex, .mode = AttachMode::kNative};
  if (preference == ModePreference::kGeneric) {
    guard.mode = AttachMode::kGeneric;
  } else if (!device.native) {
    if (preference == ModePreference::kNative) {
      return ModeNotAvailable(interface, AttachMode::kNative, kNoNativeXdp);
    }
    guard.mode = AttachMode::kGeneric;
    guard.detail = FellBackDetail(kNoNativeXdp);
  }
  FW_ASSIGN_OR_RETURN(guard.slot, TakeSlot(interface));
  return guard;
}

absl::StatusOr<std::uint32_t> MemoryDataPlane::TakeSlot(
    const std::string& interface) {
  const auto guarded = [this](const std::string& name) {
    mutex_.AssertHeld();
    return guards_.contains(name);
  };
  const std::optional<SlotChoice> slot = ChooseSlot(slots_, interface, guarded);
  if (!slot.has_value()) return TooManyInterfaces(interface, slots_.size());
  if (slot->fresh) {
    slots_[slot->index] = interface;
    counters_[slot->index] = Counters();
  }
  return slot->index;
}

absl::StatusOr<std::vector<policy::InterfaceCounters>>
MemoryDataPlane::ReadCounters() {
  const util::MutexLock lock(&mutex_);
  FW_RETURN_IF_ERROR(TakeFailure(Operation::kReadCounters));
  std::vector<policy::InterfaceCounters> result;
  for (const auto& [name, guard] : guards_) {
    result.push_back({name, counters_[guard.slot]});
  }
  return result;
}

absl::StatusOr<std::vector<RuleHits>> MemoryDataPlane::ReadRuleHits() {
  const util::MutexLock lock(&mutex_);
  std::vector<RuleHits> hits;
  for (const policy::OrderedRule& rule : ordered_.rules) {
    hits.push_back({rule.id, hits_[rule.id]});
  }
  std::sort(hits.begin(), hits.end(), [](const RuleHits& a, const RuleHits& b) {
    return a.rule < b.rule;
  });
  return hits;
}

policy::OrderedRules MemoryDataPlane::ordered() const {
  const util::MutexLock lock(&mutex_);
  return ordered_;
}

void MemoryDataPlane::Hit(policy::RuleId rule, policy::Counter amount) {
  const util::MutexLock lock(&mutex_);
  hits_[rule].packets += amount.packets;
  hits_[rule].bytes += amount.bytes;
}

void MemoryDataPlane::FailNext(Operation operation, absl::Status status) {
  const util::MutexLock lock(&mutex_);
  failures_[operation].push_back(std::move(status));
}

absl::Status MemoryDataPlane::TakeFailure(Operation operation) {
  std::deque<absl::Status>& queue = failures_[operation];
  if (queue.empty()) return absl::OkStatus();
  absl::Status status = std::move(queue.front());
  queue.pop_front();
  return status;
}

void MemoryDataPlane::SetTick(policy::Deadline tick) {
  const util::MutexLock lock(&mutex_);
  tick_ = tick;
}

policy::SourceVerdict MemoryDataPlane::VerdictOf(const Prefix& host) const {
  const util::MutexLock lock(&mutex_);
  std::vector<policy::SourceRule> around;
  for (const auto& [prefix, rule] : sources_) {
    if (Holds(prefix, host)) around.push_back(rule);
  }
  std::sort(around.begin(), around.end(), [](const auto& a, const auto& b) {
    return a.prefix.length() < b.prefix.length();
  });
  policy::SourceMeaning meaning;
  for (const policy::SourceRule& rule : around) {
    meaning = policy::Narrow(meaning, rule);
  }
  return meaning.VerdictAt(tick_);
}

bool MemoryDataPlane::BlocksPort(policy::Protocol protocol,
                                 std::uint16_t port) const {
  const util::MutexLock lock(&mutex_);
  const auto& table = ports_[Index(protocol)];
  if (!table.has_value() || table->empty()) return false;
  const policy::PortRule& rule = (*table)[port];
  return rule.id != 0 && tick_ < rule.until;
}

void MemoryDataPlane::Restart() {
  const util::MutexLock lock(&mutex_);
  for (auto& [prefix, rule] : sources_) rule.id = rule.block_id = 0;
  sources_loaded_ = false;
}

void MemoryDataPlane::SetForeignProgram(const std::string& name,
                                        AttachMode mode) {
  const util::MutexLock lock(&mutex_);
  devices_[name].foreign = mode;
}

void MemoryDataPlane::Count(const std::string& name, policy::Verdict verdict,
                            policy::Reason reason, policy::Counter amount) {
  const util::MutexLock lock(&mutex_);
  const auto guard = guards_.find(name);
  const auto outcome =
      std::find(policy::kOutcomes.begin(), policy::kOutcomes.end(),
                std::pair(verdict, reason));
  if (guard == guards_.end() || outcome == policy::kOutcomes.end()) return;
  const auto index =
      static_cast<std::size_t>(outcome - policy::kOutcomes.begin());
  policy::Counter& counter = counters_[guard->second.slot][index];
  counter.packets += amount.packets;
  counter.bytes += amount.bytes;
}

void MemoryDataPlane::LoseSources() {
  const util::MutexLock lock(&mutex_);
  sources_known_ = false;
}

void MemoryDataPlane::LosePortTable(policy::Protocol protocol) {
  const util::MutexLock lock(&mutex_);
  ports_[Index(protocol)].reset();
}

}  // namespace fwagent::dataplane
