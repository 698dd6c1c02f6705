// Packets that tell, one by one, which of two lists is in force.
#ifndef FWAGENT_TESTS_TORTURE_ALTERNATING_STREAM_H_
#define FWAGENT_TESTS_TORTURE_ALTERNATING_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/util/scoped_fd.h"
#include "tests/support/agent_host.h"
#include "tests/support/packet.h"

namespace fwagent::testing {

// Which of two lists, of which one is blocked at any time, a packet met.
enum class InForce : std::uint8_t { kFirst, kSecond };

// Sends from the peer in strict alternation: a source of the first list, one of
// the second, the next one of the first, and so on, over and over. All are
// numbered, so that behind the host's filter it is known which were dropped.
class AlternatingStream {
 public:
  // Addresses in the first list only, and as many in the second only.
  AlternatingStream(const AgentHost& site,
                    const std::vector<std::string>& first,
                    const std::vector<std::string>& second);

  // Sends a few packets and waits until all are judged. Appends what each
  // showed: one of the first list shows, when dropped, that the first is in
  // force, and else the second; one of the second list the other way round.
  // Aborts the test program when an innocent packet behind them does not
  // arrive.
  void SendSome(std::vector<InForce>& shown);

 private:
  void Send(Bytes& frame, std::uint32_t number);
  std::vector<bool> Collect(std::uint32_t last);

  util::ScopedFd peer_;
  util::ScopedFd host_;
  std::vector<Bytes> frames_;  // in the order in which they are sent
  Bytes innocent_;
  std::uint32_t next_ = 0;
};

// What a replacement looked like to the packets that were sent meanwhile.
struct Replacement {
  std::uint64_t before = 0;  // packets up to the first that met the new list
  std::uint64_t behind = 0;  // those from there on
  // Of these, packets that met the old list after all: 0 when there was one
  // instant of which all before met the old list and all behind the new one.
  std::uint64_t mixtures = 0;
};

Replacement Judge(const std::vector<InForce>& shown, InForce replaced_by);

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_TORTURE_ALTERNATING_STREAM_H_
