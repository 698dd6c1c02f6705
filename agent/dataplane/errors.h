// What a data plane says when it cannot: one text for each case, shared by the
// implementations, so that what a test sees is what a user reads.
#ifndef FWAGENT_AGENT_DATAPLANE_ERRORS_H_
#define FWAGENT_AGENT_DATAPLANE_ERRORS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/dataplane/data_plane.h"
#include "agent/policy/port_table.h"
#include "agent/policy/prefix.h"

namespace fwagent::dataplane {

// "native", "generic", "none".
const char* ModeName(AttachMode mode);

// PERMISSION_DENIED, reason NO_PERMISSION: `what` was refused.
absl::Status NoPermission(const std::string& what);

// RESOURCE_EXHAUSTED, reason TABLE_FULL: one more, or so many, do not fit.
absl::Status SourceTableFull(policy::Family family, std::uint64_t capacity);
absl::Status TooManySources(policy::Family family, std::uint64_t prefixes,
                            std::uint64_t capacity);

// INVALID_ARGUMENT, reason SOURCE_GIVEN_TWICE.
absl::Status SourceGivenTwice(const policy::Prefix& prefix);

// FAILED_PRECONDITION, reason SOURCES_NOT_LOADED: before ReplaceSources.
absl::Status SourcesNotLoaded();

// NOT_FOUND, reason SOURCE_NOT_IN_TABLE.
absl::Status SourceNotInTable(const policy::Prefix& prefix);

// INVALID_ARGUMENT unless the table is empty or has an entry for every port.
absl::Status CheckPortTable(const policy::PortTable& table);

// NOT_FOUND, reason INTERFACE_NOT_FOUND.
absl::Status NoSuchInterface(const std::string& interface,
                             const std::vector<std::string>& existing);

// NOT_FOUND, reason INTERFACE_NOT_GUARDED.
absl::Status NotGuarded(const std::string& interface,
                        const std::vector<std::string>& guarded);

// INVALID_ARGUMENT, reason INTERFACE_NEEDED: they judge differently.
absl::Status NameTheInterface(const std::vector<std::string>& guarded);

// FAILED_PRECONDITION, reason FOREIGN_XDP_PROGRAM.
absl::Status ForeignProgram(const std::string& interface,
                            std::uint32_t program_id, AttachMode mode);

// FAILED_PRECONDITION, reason TOO_MANY_INTERFACES.
absl::Status TooManyInterfaces(const std::string& interface, std::size_t limit);

// FAILED_PRECONDITION, reason MODE_NOT_AVAILABLE.
absl::Status ModeNotAvailable(const std::string& interface, AttachMode mode,
                              const std::string& why);

// FAILED_PRECONDITION, reason ATTACHED_IN_OTHER_MODE.
absl::Status AttachedInOtherMode(const std::string& interface,
                                 AttachMode present, AttachMode wanted);

// Details of an InterfaceState.
std::string FellBackDetail(const std::string& why);
std::string OtherModeWantedDetail(AttachMode present, AttachMode wanted);
std::string DeviceMovedDetail();
std::string DeviceRenamedDetail(const std::string& new_name);
std::string DeviceGoneDetail();
std::string DeviceReplacedDetail();

}  // namespace fwagent::dataplane

#endif  // FWAGENT_AGENT_DATAPLANE_ERRORS_H_
