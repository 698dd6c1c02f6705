// The frames that the delivery tests send, in tables by what is odd about them.
#ifndef FWAGENT_TESTS_E2E_FRAME_SETS_H_
#define FWAGENT_TESTS_E2E_FRAME_SETS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/e2e/probe.h"

namespace fwagent::testing {

// Where docs/packets.md gives up, and so drops a packet that asks for no
// blocked port.
enum class Limit {
  kNone,
  kDocumented,
  kDocumentedForTcp4,  // a TCP fragment of IPv4 at offset 1
};

// One way to send a probe: frames that, in this order, deliver it or not.
struct Shape {
  std::string name;
  std::function<std::vector<Bytes>(const Probe&)> frames;
  Limit limit = Limit::kNone;
};
using Shapes = std::vector<Shape>;

// Of either family, and any protocol.
Shapes LinkShapes();
Shapes PaddingShapes();
Shapes FragmentShapes();
Shapes DisturbedFragmentShapes();
Shapes RandomShapes();
Shapes LengthShapes();
// Of one protocol.
Shapes UdpShapes();
Shapes TcpShapes();
// Of a protocol that carries others.
Shapes TunnelShapes();
Shapes DestinationShapes(bool v4);
// Of one family, and any protocol.
Shapes IPv4Shapes();
Shapes IPv4OptionShapes();
Shapes IPv6HeaderShapes();
Shapes IPv6ChainShapes();
Shapes IPv6FragmentShapes();

// A shape in one family and protocol.
struct FrameSet {
  std::string name;
  bool v4 = true;
  std::uint8_t protocol = 0;
  Shape shape;

  std::vector<Bytes> Frames(std::uint16_t number) const {
    return shape.frames(Probe(v4, protocol, number));
  }
  Limit limit() const;
};

std::vector<FrameSet> AllFrameSets();

}  // namespace fwagent::testing

#endif  // FWAGENT_TESTS_E2E_FRAME_SETS_H_
