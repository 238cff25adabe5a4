#include "tiled_video.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/media/video_writer.h"

#include "media/video_fixtures.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

using testing::HasSubstr;

TEST(TileLayout, TilesBeginBlocksAndLeaveAGap) {
  // 640 × 480 becomes 480 × 360, in cells of 496 × 368; two columns for three tiles.
  const TileLayout layout = LayTiles({{640, 480}, {640, 480}, {640, 480}}, 480);
  EXPECT_EQ(layout.size, cv::Size(992, 736));
  ASSERT_EQ(layout.tiles.size(), 3u);
  EXPECT_EQ(layout.tiles[0], cv::Rect(0, 0, 480, 360));
  EXPECT_EQ(layout.tiles[1], cv::Rect(496, 0, 480, 360));
  EXPECT_EQ(layout.tiles[2], cv::Rect(0, 368, 480, 360));
}

TEST(TileLayout, ScalesTheLongerSideDownAndNothingUp) {
  EXPECT_EQ(LayTiles({{1080, 1920}}, 480).tiles[0].size(), cv::Size(270, 480));
  EXPECT_EQ(LayTiles({{320, 240}}, 480).tiles[0].size(), cv::Size(320, 240));
  EXPECT_EQ(LayTiles({{101, 35}}, 480).tiles[0].size(), cv::Size(100, 36)) << "sides are even";
  EXPECT_EQ(LayTiles({{5000, 1}}, 480).tiles[0].size(), cv::Size(480, 2));
}

/// A video whose frame i has one colour: 20 + 8 i in a channel.
fs::path Ramp(const fs::path& file, cv::Size size, int channel, int frames, int rate = 25) {
  const auto writer = VideoWriter::Intermediate(file, size, {rate, 1});
  for (int i = 0; i < frames; ++i) {
    cv::Scalar colour(0, 0, 0);
    colour[channel] = 20 + 8 * i;
    writer->Write(cv::Mat(size, CV_8UC3, colour));
  }
  writer->Finish();
  return file;
}

TEST(TiledVideo, EveryTileShowsTheSameFrame) {
  const TemporaryFolder folder;
  const fs::path blue = Ramp(folder.path() / "blue.mkv", {64, 48}, 0, 20),
                 red = Ramp(folder.path() / "red.mkv", {48, 64}, 2, 20);
  const TiledVideo made = WriteTiledVideo({blue, red}, 480, folder.path() / "tiles.mp4");
  EXPECT_EQ(made.frames, 20);
  EXPECT_EQ(made.rate_hz, 25);
  const std::vector<cv::Mat> frames = ReadAll(folder.path() / "tiles.mp4");
  ASSERT_EQ(frames.size(), 20u);
  for (int i = 0; i < 20; ++i) {
    // Half a step of the ramp is left to the encoder.
    const cv::Scalar left = cv::mean(frames[i](made.layout.tiles[0])),
                     right = cv::mean(frames[i](made.layout.tiles[1]));
    EXPECT_NEAR(left[0], 20 + 8 * i, 3.9) << i;
    EXPECT_NEAR(right[2], 20 + 8 * i, 3.9) << i;
    EXPECT_LT(left[2], 10) << "the other one's colour, frame " << i;
    EXPECT_LT(right[0], 10) << i;
  }
}

TEST(TiledVideo, OneThatEndsEarlierLeavesGrey) {
  const TemporaryFolder folder;
  const fs::path longer = Ramp(folder.path() / "a.mkv", {64, 64}, 1, 6),
                 shorter = Ramp(folder.path() / "b.mkv", {64, 64}, 2, 3);
  const TiledVideo made = WriteTiledVideo({longer, shorter}, 480, folder.path() / "tiles.mp4");
  EXPECT_EQ(made.frames, 6);
  const cv::Mat last = ReadAll(folder.path() / "tiles.mp4").back();
  for (int channel = 0; channel < 3; ++channel)
    EXPECT_NEAR(cv::mean(last(made.layout.tiles[1]))[channel], 128, 3);
}

TEST(TiledVideo, RefusesWhatCannotStandSideBySide) {
  const TemporaryFolder folder;
  const fs::path slow = Ramp(folder.path() / "slow.mkv", {64, 64}, 1, 3, 25),
                 fast = Ramp(folder.path() / "fast.mkv", {64, 64}, 1, 3, 30);
  const auto message = [&](const std::vector<fs::path>& files) -> std::string {
    try {
      WriteTiledVideo(files, 480, folder.path() / "tiles.mp4");
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(message({slow, fast}), HasSubstr("fast.mkv has 30.000 frames per second"));
  EXPECT_THAT(message({}), HasSubstr("would have no video"));
  EXPECT_THAT(message({folder.path() / "nowhere.mkv"}), HasSubstr("nowhere.mkv"));
}

}  // namespace
}  // namespace maskbench
