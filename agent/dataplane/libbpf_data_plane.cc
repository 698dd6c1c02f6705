#include "agent/dataplane/libbpf_data_plane.h"

#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/dataplane/bpffs.h"
#include "agent/dataplane/libbpf_log.h"
#include "agent/dataplane/net_devices.h"
#include "agent/lookup/rule_image.h"
#include "agent/util/log.h"
#include "agent/util/status_macros.h"
#include "bpf/fw_table.h"

namespace fwagent::dataplane {
namespace {

// What the tables can number.
constexpr std::uint32_t kMostSources = FW_ENTRY_PAYLOAD;

constexpr char kMapFolderPrefix[] = "maps-v";

constexpr char kCounterFolderPrefix[] = "counters-v";

MapFolders FoldersIn(const std::string& pin_dir) {
  const std::string maps = absl::StrCat(pin_dir, "/", kMapFolderPrefix);
  return {.tables = absl::StrCat(maps, FW_LAYOUT_VERSION),
          .counters = absl::StrCat(pin_dir, "/", kCounterFolderPrefix,
                                   FW_COUNTERS_VERSION),
          .older_counters = absl::StrCat(maps, FW_LAYOUT_WITH_COUNTERS)};
}

std::string MapFolder(const std::string& pin_dir) {
  return FoldersIn(pin_dir).tables;
}

std::string CounterFolder(const std::string& pin_dir) {
  return FoldersIn(pin_dir).counters;
}

// The maps of agents with another layout. Programs that still use them hold
// them; nobody else will.
absl::Status RemoveOtherLayouts(const std::string& pin_dir) {
  FW_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                      ListFolder(pin_dir));
  for (const std::string& name : names) {
    const std::string folder = absl::StrCat(pin_dir, "/", name);
    const bool is_of_maps = name.starts_with(kMapFolderPrefix) ||
                            name.starts_with(kCounterFolderPrefix);
    if (!is_of_maps || folder == MapFolder(pin_dir) ||
        folder == CounterFolder(pin_dir)) {
      continue;
    }
    FW_ASSIGN_OR_RETURN(const std::vector<std::string> pins,
                        ListFolder(folder));
    for (const std::string& pin : pins) {
      FW_RETURN_IF_ERROR(dataplane::Unpin(absl::StrCat(folder, "/", pin)));
    }
    rmdir(folder.c_str());
  }
  return absl::OkStatus();
}

std::string LinkFolder(const std::string& pin_dir) {
  return absl::StrCat(pin_dir, "/links");
}

}  // namespace

absl::StatusOr<std::unique_ptr<LibbpfDataPlane>> LibbpfDataPlane::Open(
    const Options& options) {
  if (options.max_sources == 0 || options.max_sources > kMostSources) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_sources must be between 1 and ", kMostSources));
  }
  RouteLibbpfLog();
  FW_RETURN_IF_ERROR(CheckBpffs(options.pin_dir));
  auto lock = LockFolder(options.pin_dir);
  if (!lock.ok() && !absl::IsNotFound(lock.status())) return lock.status();
  const std::string folder = MapFolder(options.pin_dir);
  FW_ASSIGN_OR_RETURN(SharedMaps maps,
                      SharedMaps::Open(FoldersIn(options.pin_dir)));
  FW_ASSIGN_OR_RETURN(auto sources, SourceTables::Open(maps.sources(), folder,
                                                       options.max_sources));
  FW_ASSIGN_OR_RETURN(PortTables ports,
                      PortTables::Open(maps.ports(), sources->state(), folder));
  FW_ASSIGN_OR_RETURN(CounterSlots slots,
                      CounterSlots::Open(maps.counters(), maps.slots()));
  auto data_plane = std::unique_ptr<LibbpfDataPlane>(new LibbpfDataPlane(
      options, lock.ok() ? *std::move(lock) : util::ScopedFd(), std::move(maps),
      std::move(sources), std::move(ports), slots));
  FW_RETURN_IF_ERROR(data_plane->interfaces_.Adopt(
      [&slots](const std::string& name) { return slots.Find(name); }));
  return data_plane;
}

LibbpfDataPlane::LibbpfDataPlane(const Options& options, util::ScopedFd lock,
                                 SharedMaps maps,
                                 std::unique_ptr<SourceTables> sources,
                                 PortTables ports, CounterSlots slots)
    : options_(options),
      lock_(std::move(lock)),
      maps_(std::move(maps)),
      sources_(std::move(sources)),
      ports_(std::move(ports)),
      slots_(slots),
      judge_([this](std::uint32_t slot, const PacketOptions& packets) {
        return maps_.LoadJudgingProgram(slot, packets);
      }),
      interfaces_(LinkFolder(options.pin_dir),
                  [this](const std::string& name) { return Load(name); }) {
  sources_->TryWith([this] { return maps_.LoadTrialProgram(); });
}

PacketOptions LibbpfDataPlane::PacketsOf(const std::string& interface) const {
  return options_.packets_of ? options_.packets_of(interface)
                             : options_.packets;
}

absl::StatusOr<LoadedProgram> LibbpfDataPlane::Load(
    const std::string& interface) {
  const GuardedInterfaces::Guards guards = interfaces_.Snapshot();
  FW_ASSIGN_OR_RETURN(
      const std::uint32_t slot,
      slots_.Take(interface, [&guards](const std::string& name) {
        return guards.contains(name);
      }));
  FW_RETURN_IF_ERROR(NameInterfaces());
  const PacketOptions packets = PacketsOf(interface);
  ReadyProgram& ready = programs_[slot];
  if (ready.fd == nullptr || ready.packets != packets) {
    FW_ASSIGN_OR_RETURN(util::ScopedFd fd, maps_.LoadProgram(slot, packets));
    ready = {packets, std::make_shared<util::ScopedFd>(std::move(fd))};
  }
  return LoadedProgram{.fd = ready.fd, .slot = slot};
}

absl::Status LibbpfDataPlane::AddSource(const policy::SourceRule& rule) {
  return sources_->Add(rule);
}

absl::Status LibbpfDataPlane::RemoveSource(const policy::Prefix& prefix) {
  return sources_->Remove(prefix);
}

absl::Status LibbpfDataPlane::ReplaceTables(const NewTables& next) {
  const auto is_given = [](const auto* table) { return table != nullptr; };
  const auto tables =
      std::count_if(next.ports.begin(), next.ports.end(), is_given);
  const bool only_ports = next.sources == nullptr && next.ordered == nullptr;
  if (only_ports && tables == 0) return absl::OkStatus();
  if (only_ports && tables == 1) {
    const auto given =
        std::find_if(next.ports.begin(), next.ports.end(), is_given);
    return ports_.Replace(
        static_cast<policy::Protocol>(given - next.ports.begin()), **given);
  }
  if (tables != 0) FW_RETURN_IF_ERROR(ports_.Stage(next.ports));
  FW_ASSIGN_OR_RETURN(std::vector<std::string> names, slots_.Names());
  FW_RETURN_IF_ERROR(sources_->Replace(next.sources, next.ordered, names,
                                       tables != 0 ? FW_ACTIVE_PORTS : 0));
  if (next.ordered != nullptr) KeepOrdered(*next.ordered, std::move(names));
  return absl::OkStatus();
}

// Where what they say depends on the names of interfaces, which change.
void LibbpfDataPlane::KeepOrdered(const policy::OrderedRules& ordered,
                                  std::vector<std::string> names) {
  ordered_.reset();
  if (lookup::AsksForInterfaces(ordered)) {
    ordered_ = {ordered, std::move(names)};
  }
}

absl::Status LibbpfDataPlane::NameInterfaces() {
  if (!ordered_.has_value()) return absl::OkStatus();
  FW_ASSIGN_OR_RETURN(std::vector<std::string> names, slots_.Names());
  if (names == ordered_->names) return absl::OkStatus();
  FW_RETURN_IF_ERROR(sources_->Replace(nullptr, &ordered_->rules, names, 0));
  ordered_->names = std::move(names);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::vector<policy::SourceRule>>>
LibbpfDataPlane::ReadSources() {
  return sources_->Read();
}

dataplane::SourceUsage LibbpfDataPlane::SourceUsage(
    policy::Family family) const {
  return sources_->Usage(family);
}

absl::StatusOr<LivePorts> LibbpfDataPlane::ReadPorts() { return ports_.Read(); }

absl::StatusOr<AttachResult> LibbpfDataPlane::Attach(
    const std::string& interface, ModePreference preference) {
  FW_RETURN_IF_ERROR(Pin());
  auto result = interfaces_.Attach(interface, preference);
  util::WarnUnlessOk(result.ok() ? RemoveOtherLayouts(options_.pin_dir)
                                 : UnpinWhenIdle());
  return result;
}

absl::Status LibbpfDataPlane::Detach(const std::string& interface) {
  FW_RETURN_IF_ERROR(interfaces_.Detach(interface));
  // The filter is off: what is left behind is no reason to deny it.
  util::WarnUnlessOk(UnpinWhenIdle());
  return absl::OkStatus();
}

// Before anything is attached: a filter never outlives the agent without its
// rules.
absl::Status LibbpfDataPlane::Pin() {
  FW_RETURN_IF_ERROR(MakeFolder(options_.pin_dir));
  if (!IsFolder(lock_.get(), options_.pin_dir)) {
    FW_ASSIGN_OR_RETURN(lock_, LockFolder(options_.pin_dir));
  }
  FW_RETURN_IF_ERROR(MakeFolder(MapFolder(options_.pin_dir)));
  FW_RETURN_IF_ERROR(MakeFolder(CounterFolder(options_.pin_dir)));
  FW_RETURN_IF_ERROR(MakeFolder(LinkFolder(options_.pin_dir)));
  FW_RETURN_IF_ERROR(maps_.Pin());
  FW_RETURN_IF_ERROR(sources_->Pin());
  return ports_.Pin();
}

absl::Status LibbpfDataPlane::Forget(const std::string& interface) {
  return interfaces_.Forget(interface);
}

MendReport LibbpfDataPlane::Mend() {
  // Without guards there is nothing to pin, but one may have come back.
  if (interfaces_.Snapshot().empty()) return interfaces_.Mend();
  auto maps = MendMaps();
  if (!maps.ok()) {
    MendReport failed;
    failed.trouble = maps.status();
    return failed;
  }
  MendReport report = interfaces_.Mend();
  report.mended.insert(report.mended.end(), maps->begin(), maps->end());
  auto damage = CheckTables();
  if (damage.ok()) {
    report.damage = *std::move(damage);
  } else {
    report.trouble = damage.status();
  }
  return report;
}

// To read all of a large table takes milliseconds, and interfaces may change
// many times a second.
absl::StatusOr<std::string> LibbpfDataPlane::CheckTables() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_check_) return "";
  next_check_ = now + options_.check_period;
  FW_ASSIGN_OR_RETURN(std::string damage, sources_->Damage());
  return damage.empty() ? ports_.Damage() : std::move(damage);
}

// Links need the folder, and the next run needs the maps.
absl::StatusOr<std::vector<MendedPin>> LibbpfDataPlane::MendMaps() {
  FW_RETURN_IF_ERROR(CheckBpffs(options_.pin_dir));
  FW_ASSIGN_OR_RETURN(const std::vector<std::string> before, MapPins());
  FW_RETURN_IF_ERROR(Pin());
  FW_ASSIGN_OR_RETURN(const std::vector<std::string> after, MapPins());
  std::vector<std::string> missing;
  std::set_difference(after.begin(), after.end(), before.begin(), before.end(),
                      std::back_inserter(missing));
  std::vector<MendedPin> mended;
  mended.reserve(missing.size());
  for (std::string& path : missing) {
    mended.push_back({.interface = "", .path = std::move(path)});
  }
  return mended;
}

absl::StatusOr<std::vector<std::string>> LibbpfDataPlane::MapPins() const {
  std::vector<std::string> paths;
  for (const std::string& folder :
       {CounterFolder(options_.pin_dir), MapFolder(options_.pin_dir)}) {
    FW_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                        ListFolder(folder));
    for (const std::string& name : names) {
      paths.push_back(absl::StrCat(folder, "/", name));
    }
  }
  return paths;
}

std::vector<std::string> LibbpfDataPlane::Devices() {
  std::vector<std::string> names = InterfaceNames();
  std::sort(names.begin(), names.end());
  return names;
}

// Links in the folder that are not ours may need the maps; folders that hold
// somebody else's pins, or are mounted, stay.
absl::Status LibbpfDataPlane::UnpinWhenIdle() {
  FW_ASSIGN_OR_RETURN(const std::vector<std::string> links,
                      ListFolder(LinkFolder(options_.pin_dir)));
  if (!links.empty() || hold_tables_) return absl::OkStatus();
  FW_RETURN_IF_ERROR(ports_.Unpin());
  FW_RETURN_IF_ERROR(sources_->Unpin());
  FW_RETURN_IF_ERROR(maps_.Unpin());
  rmdir(MapFolder(options_.pin_dir).c_str());
  rmdir(CounterFolder(options_.pin_dir).c_str());
  rmdir(LinkFolder(options_.pin_dir).c_str());
  if (rmdir(options_.pin_dir.c_str()) == 0) lock_.reset();
  return absl::OkStatus();
}

std::vector<InterfaceState> LibbpfDataPlane::Interfaces() {
  std::vector<InterfaceState> states = interfaces_.States();
  for (InterfaceState& state : states) state.packets = PacketsOf(state.name);
  return states;
}

absl::StatusOr<std::vector<policy::InterfaceCounters>>
LibbpfDataPlane::ReadCounters() {
  std::vector<policy::InterfaceCounters> result;
  for (const auto& [name, guard] : interfaces_.Snapshot()) {
    policy::InterfaceCounters counters{.interface = name, .by_outcome = {}};
    if (guard.slot.has_value()) {
      FW_ASSIGN_OR_RETURN(counters.by_outcome, slots_.Read(*guard.slot));
    }
    result.push_back(counters);
  }
  return result;
}

absl::StatusOr<std::vector<RuleHits>> LibbpfDataPlane::ReadRuleHits() {
  return sources_->ReadHits();
}

}  // namespace fwagent::dataplane
