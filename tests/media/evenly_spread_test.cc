#include "maskbench/media/evenly_spread.h"

#include <gmock/gmock.h>

namespace maskbench {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(EvenlySpread, TakesTheMiddlesOfEqualStretches) {
  EXPECT_THAT(EvenlySpread(25, 5), ElementsAre(2, 7, 12, 17, 22));
  EXPECT_THAT(EvenlySpread(10, 1), ElementsAre(5));
  EXPECT_THAT(EvenlySpread(90, 4), ElementsAre(11, 33, 56, 78));
}

TEST(EvenlySpread, TakesAllWhereThereAreNoMore) {
  EXPECT_THAT(EvenlySpread(3, 3), ElementsAre(0, 1, 2));
  EXPECT_THAT(EvenlySpread(3, 8), ElementsAre(0, 1, 2));
  EXPECT_THAT(EvenlySpread(0, 8), IsEmpty());
}

}  // namespace
}  // namespace maskbench
