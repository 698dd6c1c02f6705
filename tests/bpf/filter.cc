#include "tests/bpf/filter.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "agent/util/errno_status.h"
#include "agent/util/scoped_fd.h"
#include "agent/util/status_macros.h"
#include "tests/support/require_bpf.h"

namespace fwagent::testing {

using dataplane::ProgramVariant;

namespace {

absl::Status Check(int result, std::string_view what) {
  if (result >= 0) return absl::OkStatus();
  return util::ErrnoToStatus(errno, what);
}

absl::StatusOr<util::ScopedFd> MakePortMap(
    const std::vector<fw_rule_ref>& table) {
  bpf_map_create_opts options{};
  options.sz = sizeof(options);
  options.map_flags = BPF_F_MMAPABLE;
  util::ScopedFd map(bpf_map_create(BPF_MAP_TYPE_ARRAY, "test_ports",
                                    sizeof(std::uint32_t), sizeof(fw_rule_ref),
                                    FW_PORTS, &options));
  if (!map.valid()) return util::ErrnoToStatus(errno, "make a port table");
  const std::size_t size = table.size() * sizeof(fw_rule_ref);
  void* memory =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, map.get(), 0);
  if (memory == MAP_FAILED) return util::ErrnoToStatus(errno, "mmap");
  std::copy(table.begin(), table.end(), static_cast<fw_rule_ref*>(memory));
  munmap(memory, size);
  return map;
}

bool IsSame(const std::vector<fw_rule_ref>& a,
            const std::vector<fw_rule_ref>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const fw_rule_ref& x, const fw_rule_ref& y) {
                      return x.rule_id == y.rule_id && x.until == y.until;
                    });
}

// The one counter that moved.
struct Moved {
  Judgement judgement;
  fw_counter by;
};

std::vector<Moved> Difference(const Filter::Counters& before,
                              const Filter::Counters& after) {
  std::vector<Moved> moved;
  for (int verdict = 0; verdict < FW_VERDICT_MAX; ++verdict) {
    for (int reason = 0; reason < FW_REASON_MAX; ++reason) {
      const fw_counter& old = before[verdict][reason];
      const fw_counter& now = after[verdict][reason];
      if (now.packets == old.packets && now.bytes == old.bytes) continue;
      moved.push_back(
          {{static_cast<fw_verdict>(verdict), static_cast<fw_reason>(reason)},
           {now.packets - old.packets, now.bytes - old.bytes}});
    }
  }
  return moved;
}

}  // namespace

absl::StatusOr<Filter> Filter::Load(const Options& options) {
  FW_ASSIGN_OR_RETURN(const ProgramVariant chosen, dataplane::ChooseVariant());
  FW_ASSIGN_OR_RETURN(
      dataplane::Skeleton skeleton,
      dataplane::OpenSkeleton(options.variant.value_or(chosen)));
  skeleton->rodata->fw_slot_index = options.slot;
  dataplane::SetPacketOptions(skeleton.get(), options.packets);
  FW_RETURN_IF_ERROR(dataplane::LoadSkeleton(skeleton.get()));
  FW_ASSIGN_OR_RETURN(auto sources,
                      dataplane::SourceTables::Open(
                          {bpf_map__fd(skeleton->maps.fw_slabs),
                           bpf_map__fd(skeleton->maps.data_tables),
                           bpf_map__fd(skeleton->maps.fw_used),
                           bpf_map__fd(skeleton->maps.fw_rule_hits),
                           bpf_map__fd(skeleton->maps.fw_rule_buckets)},
                          "no folder: nothing is pinned", 1000));
  return Filter(std::move(skeleton), options, std::move(sources));
}

absl::Status Filter::Block(const Rules& rules) {
  FW_RETURN_IF_ERROR(ForgetFragments());
  std::vector<policy::SourceRule> sources;
  for (const std::string& text : rules.sources) {
    FW_ASSIGN_OR_RETURN(const policy::Prefix prefix,
                        policy::Prefix::Parse(text));
    sources.push_back({.prefix = prefix, .id = sources.size() + 1});
  }
  sources.insert(sources.end(), rules.more.begin(), rules.more.end());
  FW_RETURN_IF_ERROR(SetSources(sources));
  FW_ASSIGN_OR_RETURN(const policy::OrderedRules ordered, OrderedOf(rules));
  FW_RETURN_IF_ERROR(SetOrdered(ordered));
  return BlockPorts(rules);
}

absl::Status Filter::SetSources(
    const std::vector<policy::SourceRule>& sources) {
  if (sources == live_sources_) return absl::OkStatus();
  FW_RETURN_IF_ERROR(sources_->Replace(sources));
  live_sources_ = sources;
  return absl::OkStatus();
}

absl::Status Filter::BlockPorts(const Rules& rules) {
  for (int protocol = 0; protocol < FW_PORT_PROTOCOLS; ++protocol) {
    FW_RETURN_IF_ERROR(
        BlockPorts(static_cast<fw_port_protocol>(protocol), rules));
  }
  return absl::OkStatus();
}

absl::Status Filter::BlockPorts(fw_port_protocol protocol, const Rules& rules) {
  std::vector<fw_rule_ref> table;
  std::uint64_t rule_id = rules.sources.size();
  for (const Rules::Ports& ports : rules.ports) {
    ++rule_id;
    if (ports.protocol != protocol) continue;
    table.resize(FW_PORTS);
    for (std::size_t port = ports.first; port <= ports.last; ++port) {
      if (table[port].until > ports.until) continue;
      table[port] = {.rule_id = rule_id, .until = ports.until, .unused = 0};
    }
  }
  std::vector<fw_rule_ref>& live = live_ports_[protocol];
  if (IsSame(table, live)) return absl::OkStatus();
  const int tables = bpf_map__fd(skeleton_->maps.fw_ports);
  if (table.empty()) {
    FW_RETURN_IF_ERROR(
        Check(bpf_map_delete_elem(tables, &protocol), "empty fw_ports"));
  } else {
    FW_ASSIGN_OR_RETURN(const util::ScopedFd map, MakePortMap(table));
    const int fd = map.get();
    FW_RETURN_IF_ERROR(Check(
        bpf_map_update_elem(tables, &protocol, &fd, BPF_ANY), "fw_ports"));
  }
  live = std::move(table);
  return absl::OkStatus();
}

absl::Status Filter::ForgetFragments() {
  const int map = bpf_map__fd(skeleton_->maps.fw_datagrams);
  fw_datagram key{};
  while (bpf_map_get_next_key(map, nullptr, &key) == 0) {
    FW_RETURN_IF_ERROR(Check(bpf_map_delete_elem(map, &key), "forget"));
  }
  return absl::OkStatus();
}

Judgement Filter::Run(const Bytes& frame) const {
  const Counters before = ReadCounters(options_.slot);
  bpf_test_run_opts options{};
  options.sz = sizeof(options);
  options.data_in = frame.data();
  options.data_size_in = static_cast<std::uint32_t>(frame.size());
  const int result =
      bpf_prog_test_run_opts(dataplane::ProgramFd(skeleton_.get()), &options);
  EXPECT_EQ(result, 0) << "a frame of " << frame.size() << " bytes";

  const std::vector<Moved> moved =
      Difference(before, ReadCounters(options_.slot));
  EXPECT_EQ(moved.size(), 1u) << "counters that moved";
  if (moved.size() != 1) return {};
  const Judgement judgement = moved[0].judgement;
  EXPECT_EQ(moved[0].by.packets, 1u);
  EXPECT_EQ(moved[0].by.bytes, frame.size());
  if (judgement.verdict == FW_VERDICT_REJECT) {
    EXPECT_TRUE(options.retval == XDP_TX || options.retval == XDP_DROP);
    return judgement;
  }
  const bool passes = judgement.verdict == FW_VERDICT_PASS ||
                      judgement.verdict == FW_VERDICT_SHADOWED;
  EXPECT_EQ(options.retval,
            passes ? std::uint32_t{XDP_PASS} : std::uint32_t{XDP_DROP});
  return judgement;
}

std::optional<Bytes> Filter::Answer(const Bytes& frame) const {
  Bytes answer(frame.size() + 256);
  bpf_test_run_opts options{};
  options.sz = sizeof(options);
  options.data_in = frame.data();
  options.data_size_in = static_cast<std::uint32_t>(frame.size());
  options.data_out = answer.data();
  options.data_size_out = static_cast<std::uint32_t>(answer.size());
  const int result =
      bpf_prog_test_run_opts(dataplane::ProgramFd(skeleton_.get()), &options);
  EXPECT_EQ(result, 0);
  if (options.retval != XDP_TX) return std::nullopt;
  answer.resize(options.data_size_out);
  return answer;
}

void Filter::Repeat(const Bytes& frame, std::uint32_t times) const {
  bpf_test_run_opts options{};
  options.sz = sizeof(options);
  options.data_in = frame.data();
  options.data_size_in = static_cast<std::uint32_t>(frame.size());
  options.repeat = static_cast<int>(times);
  EXPECT_EQ(
      bpf_prog_test_run_opts(dataplane::ProgramFd(skeleton_.get()), &options),
      0);
}

Filter::Counters Filter::ReadCounters(std::uint32_t slot) const {
  std::vector<fw_counters> per_cpu(
      static_cast<std::size_t>(std::max(libbpf_num_possible_cpus(), 1)));
  EXPECT_EQ(bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.fw_counters), &slot,
                                per_cpu.data()),
            0);
  Counters sum{};
  for (const fw_counters& counters : per_cpu) {
    for (int verdict = 0; verdict < FW_VERDICT_MAX; ++verdict) {
      for (int reason = 0; reason < FW_REASON_MAX; ++reason) {
        sum[verdict][reason].packets += counters.by[verdict][reason].packets;
        sum[verdict][reason].bytes += counters.by[verdict][reason].bytes;
      }
    }
  }
  return sum;
}

std::vector<Filter> FilterTest::filters_;

// The program for this kernel, and the one that needs the fewest capabilities.
void FilterTest::SetUpTestSuite() {
  if (!BpfIsAllowed().ok()) return;
  const auto chosen = dataplane::ChooseVariant();
  ASSERT_TRUE(chosen.ok()) << chosen.status();
  std::vector<ProgramVariant> variants = {*chosen};
  if (*chosen == ProgramVariant::kFast) {
    variants.push_back(ProgramVariant::kStrict);
  }
  for (const ProgramVariant variant : variants) {
    auto filter = Filter::Load({.variant = variant});
    ASSERT_TRUE(filter.ok()) << filter.status();
    filters_.push_back(*std::move(filter));
  }
}

void FilterTest::TearDownTestSuite() { filters_.clear(); }

void FilterTest::SetUp() {
  // A program that the verifier refuses is a failure, not a reason to skip.
  SkipUnless(BpfIsAllowed());
  if (IsSkipped()) return;
  ASSERT_FALSE(filters_.empty());
}

void FilterTest::CheckAll(const std::vector<Case>& cases) {
  for (std::size_t i = 0; i < filters_.size(); ++i) {
    SCOPED_TRACE(i == 0 ? "the program for this kernel" : "the strict program");
    for (const Case& row : cases) {
      SCOPED_TRACE(row.name);
      ASSERT_EQ(filters_[i].Block(row.rules), absl::OkStatus());
      EXPECT_EQ(filters_[i].Run(row.frame), row.judgement);
      EXPECT_EQ(filters_[i].Run(row.twin), row.twin_judgement) << "the twin";
    }
  }
}

}  // namespace fwagent::testing
