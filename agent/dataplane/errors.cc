#include "agent/dataplane/errors.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/util/errno_status.h"

namespace fwagent::dataplane {
namespace {

const char* FamilyName(policy::Family family) {
  return family == policy::Family::kIPv4 ? "IPv4" : "IPv6";
}

std::string ListOrNone(const std::vector<std::string>& names) {
  return names.empty() ? "none" : absl::StrJoin(names, ", ");
}

}  // namespace

const char* ModeName(AttachMode mode) {
  switch (mode) {
    case AttachMode::kNative:
      return "native";
    case AttachMode::kGeneric:
      return "generic";
    case AttachMode::kNone:
      break;
  }
  return "none";
}

absl::Status NoPermission(const std::string& what) {
  return util::WithReason(
      absl::PermissionDeniedError(absl::StrCat(
          what,
          ": no permission; fwagent needs CAP_BPF and CAP_NET_ADMIN (before "
          "Linux 5.11 also LimitMEMLOCK=infinity)")),
      "NO_PERMISSION");
}

absl::Status SourceTableFull(policy::Family family, std::uint64_t capacity) {
  return util::WithReason(
      absl::ResourceExhaustedError(absl::StrCat(
          "the ", FamilyName(family), " source table is full (", capacity,
          " of ", capacity,
          " entries): unblock something, or raise max_sources and restart the "
          "agent")),
      "TABLE_FULL");
}

absl::Status TooManySources(policy::Family family, std::uint64_t prefixes,
                            std::uint64_t capacity) {
  return util::WithReason(absl::ResourceExhaustedError(absl::StrCat(
                              prefixes, " ", FamilyName(family),
                              " source prefixes do not fit in a table of ",
                              capacity, ": raise max_sources")),
                          "TABLE_FULL");
}

absl::Status SourceGivenTwice(const policy::Prefix& prefix) {
  return util::WithReason(absl::InvalidArgumentError(absl::StrCat(
                              "source ", prefix.ToString(), " is given twice")),
                          "SOURCE_GIVEN_TWICE");
}

absl::Status SourcesNotLoaded() {
  return util::WithReason(
      absl::FailedPreconditionError(
          "the source tables cannot be changed before all of them were "
          "written: load the sources first"),
      "SOURCES_NOT_LOADED");
}

absl::Status SourceNotInTable(const policy::Prefix& prefix) {
  return util::WithReason(
      absl::NotFoundError(
          absl::StrCat(prefix.ToString(), " is not in the source table")),
      "SOURCE_NOT_IN_TABLE");
}

absl::Status CheckPortTable(const policy::PortTable& table) {
  constexpr std::size_t kPorts = 65536;
  if (table.empty() || table.size() == kPorts) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "a port table has 0 or ", kPorts, " entries, not ", table.size()));
}

absl::Status NoSuchInterface(const std::string& interface,
                             const std::vector<std::string>& existing) {
  return util::WithReason(absl::NotFoundError(absl::StrCat(
                              "there is no interface \"", interface,
                              "\"; there are: ", ListOrNone(existing))),
                          "INTERFACE_NOT_FOUND");
}

absl::Status NotGuarded(const std::string& interface,
                        const std::vector<std::string>& guarded) {
  return util::WithReason(
      absl::NotFoundError(absl::StrCat(
          "\"", interface,
          "\" is not guarded; guarded are: ", ListOrNone(guarded))),
      "INTERFACE_NOT_GUARDED");
}

absl::Status NameTheInterface(const std::vector<std::string>& guarded) {
  return util::WithReason(
      absl::InvalidArgumentError(absl::StrCat(
          "interface: those that are guarded judge differently, name one of "
          "them (fwctl: --iface): ",
          ListOrNone(guarded))),
      "INTERFACE_NEEDED");
}

absl::Status ForeignProgram(const std::string& interface,
                            std::uint32_t program_id, AttachMode mode) {
  const char* off = mode == AttachMode::kGeneric ? "xdpgeneric" : "xdp";
  return util::WithReason(
      absl::FailedPreconditionError(absl::StrCat(
          interface, " carries another XDP program (id ", program_id, ", ",
          ModeName(mode),
          "); fwagent never removes other people's programs: take it off with "
          "`ip link set dev ",
          interface, " ", off,
          " off` (or, where a link holds it, by its owner) or choose another "
          "interface")),
      "FOREIGN_XDP_PROGRAM");
}

absl::Status TooManyInterfaces(const std::string& interface,
                               std::size_t limit) {
  return util::WithReason(
      absl::FailedPreconditionError(absl::StrCat(
          "cannot guard ", interface, ": ", limit,
          " interfaces are guarded, and that is the most; detach one first")),
      "TOO_MANY_INTERFACES");
}

absl::Status ModeNotAvailable(const std::string& interface, AttachMode mode,
                              const std::string& why) {
  return util::WithReason(absl::FailedPreconditionError(absl::StrCat(
                              "cannot attach to ", interface, " in ",
                              ModeName(mode), " mode: ", why)),
                          "MODE_NOT_AVAILABLE");
}

absl::Status AttachedInOtherMode(const std::string& interface,
                                 AttachMode present, AttachMode wanted) {
  return util::WithReason(
      absl::FailedPreconditionError(absl::StrCat(
          interface, " is guarded in ", ModeName(present),
          " mode, which the kernel cannot change in place: `fwctl detach ",
          interface, "` first, then attach it in ", ModeName(wanted),
          " mode; between the two nothing is filtered")),
      "ATTACHED_IN_OTHER_MODE");
}

std::string FellBackDetail(const std::string& why) {
  return absl::StrCat("native mode was refused: ", why);
}

std::string OtherModeWantedDetail(AttachMode present, AttachMode wanted) {
  return absl::StrCat(
      "taken over in ", ModeName(present), " mode; ", ModeName(wanted),
      " mode takes effect after `fwctl detach` and `fwctl attach`, between "
      "which nothing is filtered");
}

std::string DeviceMovedDetail() {
  return "the interface is in another network namespace now";
}

std::string DeviceRenamedDetail(const std::string& new_name) {
  return absl::StrCat("the interface is called ", new_name, " now");
}

std::string DeviceGoneDetail() {
  return "the interface was deleted, and the filter with it";
}

std::string DeviceReplacedDetail() {
  return "the interface was deleted and made anew, or somebody took the filter "
         "off: unfiltered until the agent attaches again";
}

}  // namespace fwagent::dataplane
