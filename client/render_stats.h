// Counters as text.
#ifndef FWAGENT_CLIENT_RENDER_STATS_H_
#define FWAGENT_CLIENT_RENDER_STATS_H_

#include <ostream>

#include "client/renderer.h"

namespace fwagent::client {

// A table for each interface, and what was passed and dropped in all.
void WriteStats(const StatsSample& sample, const TextLayout& layout,
                std::ostream& out);

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_RENDER_STATS_H_
