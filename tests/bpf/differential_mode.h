// What the differential test loads: each program, with what can be set for an
// interface.
#ifndef FWAGENT_TESTS_BPF_DIFFERENTIAL_MODE_H_
#define FWAGENT_TESTS_BPF_DIFFERENTIAL_MODE_H_

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "agent/dataplane/packet_options.h"
#include "agent/dataplane/skeleton.h"
#include "tests/support/judgement.h"
#include "tests/support/reference_filter.h"

namespace fwagent::testing {

struct Mode {
  std::string name;
  dataplane::ProgramVariant variant;
  dataplane::PacketOptions packets = {};
  std::uint64_t seed = 0;
  // What rules and frames must come to often enough: those that meet one kind
  // of judgement rarely test it badly.
  std::vector<Judgement> expected = {};
};
void PrintTo(const Mode& mode, std::ostream* out);

// Some of the options are at random, by the seed.
std::vector<Mode> ModesOf(std::uint64_t seed);

// The same for the reference.
ReferenceFilter::Options ReferenceFor(const dataplane::PacketOptions& packets);

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_BPF_DIFFERENTIAL_MODE_H_
