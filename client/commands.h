// What each command does, once there is an agent to ask.
#ifndef FWAGENT_CLIENT_COMMANDS_H_
#define FWAGENT_CLIENT_COMMANDS_H_

#include <functional>
#include <ostream>

#include "absl/time/time.h"
#include "client/agent.h"
#include "client/arguments.h"
#include "client/failure.h"
#include "client/renderer.h"

namespace fwagent::client {

// What `stats --watch` needs of the world.
struct WatchClock {
  std::function<absl::Time()> now;
  // Waits; false ends the watch.
  std::function<bool(absl::Duration)> pause;
};

// What a command works with.
struct CommandContext {
  const Arguments& arguments;
  const Agent& agent;
  Renderer& renderer;
  // Where the renderer writes results, to see that they arrive.
  std::ostream& out;
  const WatchClock& clock;
  // Where to show how far a long command is; null: nowhere.
  std::ostream* progress = nullptr;
  absl::Duration progress_delay = absl::Seconds(1);
};

// Sends what was written so far on its way; a failure if it did not get there.
Outcome CheckOutput(std::ostream& out);

// Runs the command that the arguments name. Results are rendered; a failure is
// returned, and is for the caller to render.
Outcome RunCommand(const CommandContext& context);

// What a command of rules does.
Verb VerbOf(Command command);

// Each command by itself.
Outcome RunChange(const CommandContext& context);
// Of block-ip and unblock-ip, with any number of prefixes.
Outcome RunSources(const CommandContext& context);
Outcome RunList(const CommandContext& context);
Outcome RunStats(const CommandContext& context);
Outcome RunStatus(const CommandContext& context);
// Of every command of sets.
Outcome RunSet(const CommandContext& context);
Outcome RunSetImport(const CommandContext& context);
Outcome RunExplain(const CommandContext& context);
// Of every command of ordered rules.
Outcome RunFilter(const CommandContext& context);
// apply, diff.
Outcome RunApply(const CommandContext& context);
Outcome RunExport(const CommandContext& context);
Outcome RunHistory(const CommandContext& context);
Outcome RunRollback(const CommandContext& context);
Outcome RunConfirm(const CommandContext& context);
Outcome RunAttach(const CommandContext& context);
Outcome RunDetach(const CommandContext& context);
Outcome RunRecover(const CommandContext& context);
// Says what it can before it fails.
Outcome RunVersion(const CommandContext& context);

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_COMMANDS_H_
