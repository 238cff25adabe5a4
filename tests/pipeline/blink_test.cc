// Blinks read from a real clip against a list made by looking at its frames.
#include <fstream>

#include <gtest/gtest.h>

#include "maskbench/core/files.h"
#include "maskbench/core/text.h"
#include "maskbench/media/frame_source.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/perception/face_tracker.h"
#include "maskbench/pipeline/components.h"
#include "maskbench/pipeline/manifest.h"

namespace maskbench {
namespace {

struct Closure {
  int first, last;
};

std::vector<Closure> SeenByEye(const std::string& recording) {
  std::ifstream list(std::filesystem::path(MASKBENCH_SOURCE_DIR) /
                     "datasets/real_clips/blinks_franck.csv");
  std::vector<Closure> closures;
  std::string line;
  while (std::getline(list, line)) {
    const std::vector<std::string> cells = Split(line, ',');
    if (cells[0] == recording) closures.push_back({std::stoi(cells[1]), std::stoi(cells[2])});
  }
  return closures;
}

class BlinksOfRealClip : public testing::TestWithParam<const char*> {};

TEST_P(BlinksOfRealClip, AreThoseSeenInTheFrames) {
  const std::filesystem::path manifest =
      std::filesystem::path(MASKBENCH_SOURCE_DIR) / "datasets/real_clips/manifest.json";
  const char* assets_variable = std::getenv("MASKBENCH_ASSETS");
  const std::filesystem::path assets =
      assets_variable != nullptr ? assets_variable : MASKBENCH_ASSETS_DIR;
  const Dataset dataset = ReadManifest(manifest);
  const LabelledRecording& labelled = *dataset.FindRecording(GetParam());
  ReadOptions cut;
  cut.first_frame = labelled.first_frame;
  cut.frame_count = labelled.frame_count;
  const auto source = OpenFrames(CheckedFile(labelled, assets), cut);
  const TemporaryFolder folder;
  const std::filesystem::path track = folder.path() / "faces.track";
  const NetworkLibrary networks(assets / "models");
  {
    FaceTracker tracker(networks, {});
    FaceTrackWriter writer(track, source->info());
    Frame frame;
    while (source->Next(&frame)) writer.Write(tracker.Process(frame.bgr));
    writer.Finish();
  }
  Components components;
  RegisterFrameworkComponents(&components);
  Problems problems;
  const Json options =
      components.observers.Complete("mediapipe_iris", Json::object(), "", &problems);
  const Observations seen =
      components.observers.Make({"mediapipe_iris", "mediapipe_iris", options}, {&networks})
          ->Observe({"clip", "", source->info()}, track);
  std::vector<Closure> read;
  for (const MeasureSeries& series : seen.series) {
    if (series.name != "blinking") continue;
    for (int i = 0; i < static_cast<int>(series.values.size()); ++i) {
      if (series.values[i] != 1) continue;
      if (read.empty() || read.back().last != i - 1) read.push_back({i, i});
      read.back().last = i;
    }
  }
  // Every blink is found, nothing else is, and the borders agree to two frames: those of the list
  // are themselves uncertain by one, and it calls an eye closed later than this observer does.
  const std::vector<Closure> by_eye = SeenByEye(GetParam());
  ASSERT_FALSE(by_eye.empty());
  ASSERT_EQ(read.size(), by_eye.size());
  for (size_t i = 0; i < read.size(); ++i) {
    EXPECT_NEAR(read[i].first, by_eye[i].first, 2) << "blink " << i;
    EXPECT_NEAR(read[i].last, by_eye[i].last, 2) << "blink " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Recordings, BlinksOfRealClip, testing::Values("s01_r1", "s01_r2"));

}  // namespace
}  // namespace maskbench
