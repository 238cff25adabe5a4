// Which frames of a stream are kept for its calibrations.
#include "running_calibration.h"

#include <gtest/gtest.h>

namespace maskbench {
namespace {

std::shared_ptr<const PooledFrame> At(std::int64_t time) {
  auto frame = std::make_shared<PooledFrame>();
  frame->time = time;
  return frame;
}

PooledFrames Kept(const GazePool& pool) {
  PooledFrames frames;
  pool.AppendTo(&frames);
  return frames;
}

TEST(GazePool, HoldsAFixedNumberSpreadOverGaze) {
  GazePool pool(40);
  // Nearly always straight ahead; eight other directions for three frames each, early.
  for (int i = 0; i < 20000; ++i) {
    Eigen::Vector2d offset(0.4, 0.4);
    if (i >= 100 && i < 124) offset = {2.0 + 0.8 * ((i - 100) / 3), -3};
    pool.Add(At(i), offset);
    EXPECT_LE(pool.size(), 40u);
  }
  int aside = 0;
  for (const auto& frame : Kept(pool)) aside += frame->time >= 100 && frame->time < 124 ? 1 : 0;
  EXPECT_EQ(aside, 24);
  EXPECT_EQ(pool.size(), 40u);
}

TEST(GazePool, SpreadsOneDirectionOverTime) {
  GazePool pool(20);
  for (int i = 0; i < 6000; ++i) pool.Add(At(i), {0.4, 0.4});
  const PooledFrames frames = Kept(pool);
  ASSERT_EQ(frames.size(), 20u);
  EXPECT_LT(frames.front()->time, 600);
  EXPECT_GT(frames.back()->time, 5400);
  for (size_t i = 1; i < frames.size(); ++i)
    EXPECT_LT(frames[i]->time - frames[i - 1]->time, 1500) << i;
}

TEST(CalibrationPool, KeepsWhatLooksAtTheCameraApart) {
  CalibrationPool pool;
  for (int i = 0; i < 5000; ++i) {
    auto frame = std::make_shared<PooledFrame>();
    frame->time = i;
    frame->usable = {true, i % 2 == 0};
    frame->looks_at_camera = {i >= 200 && i < 260, false};
    pool.Add(frame, {Eigen::Vector2d(0.4, 0.4), Eigen::Vector2d(0.4, 0.4)});
  }
  const std::array<PooledFrames, 2> frames = pool.Frames();
  EXPECT_EQ(frames[0].size(), 120u);
  EXPECT_EQ(frames[1].size(), 90u);
  int looking = 0;
  for (size_t i = 0; i < frames[0].size(); ++i) {
    looking += frames[0][i]->looks_at_camera[0] ? 1 : 0;
    if (i > 0) {
      EXPECT_LT(frames[0][i - 1]->time, frames[0][i]->time);
    }
  }
  EXPECT_EQ(looking, 30);
}

}  // namespace
}  // namespace maskbench
