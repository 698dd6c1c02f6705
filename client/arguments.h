// The command line, understood.
#ifndef FWAGENT_CLIENT_ARGUMENTS_H_
#define FWAGENT_CLIENT_ARGUMENTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "agent/text/port_spec.h"
#include "client/address.h"
#include "client/failure.h"
#include "client/test_frame.h"
#include "fwagent/v1/firewall_service.pb.h"
#include "fwagent/v1/set_service.pb.h"

namespace fwagent::client {

enum class Command {
  kBlockIp,
  kUnblockIp,
  kAllowIp,
  kUnallowIp,
  kBlockPort,
  kUnblockPort,
  kList,
  kStats,
  kStatus,
  kExplain,
  kAttach,
  kDetach,
  kSetCreate,
  kSetUpdate,
  kSetDelete,
  kSetAdd,
  kSetRemove,
  kSetFlush,
  kSetImport,
  kSetList,
  kSetCheck,
  kFilterAdd,
  kFilterRemove,
  kFilterList,
  kApply,
  kDiff,
  kExport,
  kHistory,
  kRollback,
  kConfirm,
  kRecover,
  kVersion,
};

enum class OutputFormat { kText, kJson };

// Of the commands of sets.
struct SetArguments {
  std::string name;  // of check: the address
  std::vector<std::string> words;
  // Unspecified: as the set has it, or, of one that is made, block.
  fwagent::v1::SetAction action = fwagent::v1::SET_ACTION_UNSPECIFIED;
  std::optional<std::string> new_comment = {};  // update
  bool add = false;                             // import: beside what is there
  bool skip_invalid = false;                    // import: leave out bad lines
  bool quiet = false;                           // import: no progress
  // add, import: entries do not end, whatever the set says.
  bool permanent = false;
  // create, import: of a set that is made. update: zero for none.
  std::optional<absl::Duration> default_ttl;
};

// Of explain: a packet in words, or the number of one in a file.
struct ExplainArguments {
  PacketWords packet;
  std::string capture;  // "-" for standard input; empty: the words
  std::uint64_t number = 1;
  std::string interface;
};

// Of the commands of ordered rules.
struct FilterArguments {
  std::vector<std::string> words;
  std::optional<std::uint32_t> order;
};

struct Arguments {
  Command command = Command::kVersion;
  OutputFormat output = OutputFormat::kText;
  Address address;
  absl::Duration timeout = absl::Seconds(5);

  // *-ip: as written; the agent judges them.
  std::vector<std::string> prefixes;
  std::string file;  // with more of them; "-" for standard input
  // block-port, unblock-port.
  text::PortSpec ports;
  std::string comment;
  // Whose rule; of list: only this owner's. Empty: as the agent has it, or all.
  std::string owner;
  bool all_owners = false;  // un*: for every one of them
  // block-*, allow-ip, set add, set import: when it ends; one of them at most.
  std::optional<absl::Duration> ttl;
  std::optional<absl::Time> until;
  // Likewise: what is there already gets this end.
  bool renew = false;
  std::string request_id;
  std::string etag;  // of the policy that a change is for
  // A change: it is taken back unless it is confirmed in this time.
  std::optional<absl::Duration> confirm_within;
  bool force = false;            // a change: although it cuts somebody off
  std::uint64_t generation = 0;  // rollback; confirm: 0 for whichever waits
  std::int32_t history_count = 20;
  bool validate_only = false;
  // ALREADY_EXISTS of what adds, NOT_FOUND of what lifts, is success.
  bool tolerate_unchanged = false;

  // stats: zero rows too.
  bool all_counters = false;
  // stats: the interval between samples.
  std::optional<absl::Duration> watch;
  // stats: how many samples; 0 for no limit.
  std::int64_t sample_count = 0;

  // status: fail unless every interface is attached.
  bool check = false;
  // attach, detach: names and patterns; empty for every interface.
  std::vector<std::string> interfaces;
  // attach.
  fwagent::v1::ModePreference mode = fwagent::v1::MODE_PREFERENCE_UNSPECIFIED;

  SetArguments set;
  ExplainArguments explain;
  FilterArguments filter;
  // recover.
  fwagent::v1::RecoverySource recover_from =
      fwagent::v1::RECOVERY_SOURCE_UNSPECIFIED;
};

// Text that was asked for in the place of a command: --help, --version.
struct Help {
  std::string text;
};

struct UsageError {
  Failure failure;
  // As far as the command line could be read.
  OutputFormat output = OutputFormat::kText;
};

using Invocation = std::variant<Arguments, Help, UsageError>;

// Reads the command line, without the program's name, and FWCTL_ADDRESS.
Invocation ParseArguments(const std::vector<std::string>& args);

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_ARGUMENTS_H_
