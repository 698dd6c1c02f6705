// The files of a state directory, and how one takes the place of another.
#ifndef FWAGENT_AGENT_STORE_STATE_FILES_H_
#define FWAGENT_AGENT_STORE_STATE_FILES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/store/state_directory.h"

namespace fwagent::store {

// fwagent.db, fwagent.db.copy: what was acknowledged, and its last good copy.
std::string StateFile(const StateDirectory& directory);
std::string CopyFile(const StateDirectory& directory);

// <file>.schema-9: a file as it was before its tables were brought from version
// 9 to a later one.
std::string SchemaCopyFile(const std::string& file, std::int64_t version);

// The one of the newest version that is not above `version`, if there is any.
std::optional<std::string> NewestSchemaCopy(const std::string& file,
                                            std::int64_t version);

// A state file that is not finished, and is worth nothing until it is renamed.
std::string UnfinishedFile(const std::string& file);

// Removes a file that is worth nothing, with SQLite's files beside it.
void RemoveWithLog(const std::string& file);

// Makes a whole file durable under a name, in the place of the one that has it.
absl::Status RenameDurably(const std::string& from, const std::string& to,
                           const StateDirectory& directory);

// When a file was last written; nullopt: it is not there.
std::optional<absl::Time> TimeOf(const std::string& file);

// Why a state file is replaced: it is damaged, or too new for this agent.
enum class Replaced { kDamaged, kNewer };

// Lets a whole file take the place of the state file and its log, which get
// names that say why and when. From the first rename on it is decided: what a
// crash interrupts, FinishReplacement ends.
absl::Status ReplaceStateFile(Replaced why, const std::string& with,
                              const StateDirectory& directory);

// At every start, before the state file is looked at.
absl::Status FinishReplacement(const StateDirectory& directory);

// Gives a file another name, which says when; nothing is done when it is not
// there.
absl::Status MoveAside(const std::string& file, const std::string& as,
                       const StateDirectory& directory);

}  // namespace fwagent::store

#endif  // FWAGENT_AGENT_STORE_STATE_FILES_H_
