// What every data plane does with port tables.
#include <gmock/gmock.h>

#include "tests/support/data_plane_contract.h"

namespace fwagent::testing {

using policy::PortTable;
using policy::Protocol;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

TEST_P(DataPlaneContract, ReplacesTheTableOfOneProtocol) {
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kTcp, TableWith(22, 1)).ok());
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kTcp, TableWith(443, 2)).ok());
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kSctp, TableWith(65535, 3)).ok());
  EXPECT_THAT(*plane().ReadPorts(),
              ElementsAre(Optional(TableWith(443, 2)), Optional(IsEmpty()),
                          Optional(TableWith(65535, 3)), Optional(IsEmpty()),
                          Optional(IsEmpty())));
}

TEST_P(DataPlaneContract, ReadsBackWhenPortsEnd) {
  PortTable table = TableWith(22, 1);
  table[23] = {2, 7};
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kTcp, table).ok());
  EXPECT_THAT((*plane().ReadPorts())[0], Optional(table));
}

TEST_P(DataPlaneContract, AnEmptyTableTakesTheOldOneAway) {
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kUdp, TableWith(53, 1)).ok());
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kUdp, {}).ok());
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kUdp, {}).ok());
  EXPECT_THAT(*plane().ReadPorts(), Each(Optional(IsEmpty())));
}

TEST_P(DataPlaneContract, RefusesATableOfAnotherSizeAndKeepsTheOldOne) {
  ASSERT_TRUE(plane().ReplacePorts(Protocol::kUdp, TableWith(53, 1)).ok());
  const absl::Status status =
      plane().ReplacePorts(Protocol::kUdp, PortTable(65535));
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT((*plane().ReadPorts())[1], Optional(TableWith(53, 1)));
}

}  // namespace fwagent::testing
