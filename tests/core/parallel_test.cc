#include "maskbench/core/parallel.h"

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace maskbench {
namespace {

class ParallelForTest : public testing::TestWithParam<int> {
 protected:
  ParallelForTest() { SetParallelThreads(GetParam()); }
  ~ParallelForTest() override { SetParallelThreads(1); }
};

TEST_P(ParallelForTest, DoesEachOnce) {
  for (const int count : {0, 1, 2, 1000}) {
    std::vector<std::atomic<int>> times(static_cast<size_t>(count));
    ParallelFor(count, [&](int i) { ++times[static_cast<size_t>(i)]; });
    for (const auto& own : times) EXPECT_EQ(own, 1);
  }
}

TEST_P(ParallelForTest, TakesNoMoreThreadsThanWereSet) {
  std::mutex mutex;
  std::set<std::thread::id> seen;
  ParallelFor(1000, [&](int) {
    const std::lock_guard<std::mutex> lock(mutex);
    seen.insert(std::this_thread::get_id());
  });
  EXPECT_GE(seen.size(), 1u);
  EXPECT_LE(seen.size(), static_cast<size_t>(GetParam()));
}

TEST_P(ParallelForTest, TheFirstExceptionComesOutAndEndsTheRest) {
  std::atomic<int> done{0};
  EXPECT_THROW(ParallelFor(100000,
                           [&](int i) {
                             if (i == 3) throw std::out_of_range("three");
                             ++done;
                           }),
               std::out_of_range);
  EXPECT_LT(done, 99999);
}

INSTANTIATE_TEST_SUITE_P(Threads, ParallelForTest, testing::Values(1, 2, 5));

}  // namespace
}  // namespace maskbench
