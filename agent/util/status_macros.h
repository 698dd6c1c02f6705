// Propagation of absl::Status, which Debian's Abseil has no macros for.
#ifndef FWAGENT_AGENT_UTIL_STATUS_MACROS_H_
#define FWAGENT_AGENT_UTIL_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define FW_CONCAT_INNER(a, b) a##b
#define FW_CONCAT(a, b) FW_CONCAT_INNER(a, b)

// Returns the status from the enclosing function unless it is OK.
#define FW_RETURN_IF_ERROR(expression)                          \
  do {                                                          \
    if (absl::Status fw_status = (expression); !fw_status.ok()) \
      return fw_status;                                         \
  } while (false)

// Assigns the value, or returns the status from the enclosing function.
#define FW_ASSIGN_OR_RETURN(target, expression)                        \
  FW_ASSIGN_OR_RETURN_INNER(FW_CONCAT(fw_statusor_, __LINE__), target, \
                            expression)
#define FW_ASSIGN_OR_RETURN_INNER(temporary, target, expression) \
  auto temporary = (expression);                                 \
  if (!temporary.ok()) return temporary.status();                \
  target = *std::move(temporary)

#endif  // FWAGENT_AGENT_UTIL_STATUS_MACROS_H_
