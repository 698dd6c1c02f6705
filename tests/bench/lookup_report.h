// The figures of the lookup benchmark, and how they are printed.
#ifndef FWAGENT_TESTS_BENCH_LOOKUP_REPORT_H_
#define FWAGENT_TESTS_BENCH_LOOKUP_REPORT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/streams.h"

namespace fwagent::bench {

// The baseline of everything, the first candidate of every set.
inline constexpr char kParseOnly[] = "parse_only";
inline constexpr char kOneLoad[] = "one_load";

struct CandidateFigures {
  std::string name;
  double load_seconds = 0;
  std::uint64_t stated_bytes = 0;  // by the maps themselves
  std::int64_t taken_bytes = 0;    // by which the kernel's memory grew
  // For each kind of stream, a packet: of parse_only all there is, of the
  // others net of parse_only. nullopt: no such stream.
  std::array<std::optional<double>, kStreamKinds> nanoseconds;

  std::optional<double> Of(StreamKind kind) const {
    return nanoseconds[static_cast<std::size_t>(kind)];
  }
};

struct SetFigures {
  std::string name;
  std::size_t rules = 0;
  std::vector<CandidateFigures> candidates;

  // nullptr when it was not measured.
  const CandidateFigures* Find(const std::string& candidate) const;
};

void PrintSet(const SetFigures& set);

// One row for each aim of the project. What was not measured has no figure.
void PrintAims(const std::vector<SetFigures>& sets);

}  // namespace fwagent::bench

#endif  // FWAGENT_TESTS_BENCH_LOOKUP_REPORT_H_
