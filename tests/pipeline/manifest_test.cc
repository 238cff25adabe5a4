#include "maskbench/pipeline/manifest.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/core.hpp>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"
#include "maskbench/media/video_writer.h"

namespace maskbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Json SoundManifest() {
  return Json::parse(R"({
    "format": "maskbench-dataset", "format_version": 1, "name": "made", "version": "1",
    "kind": "virtual", "provenance": "made by a test", "licence": "none",
    "subjects": [{"id": "a"}, {"id": "b", "split": "train"}],
    "recordings": [
      {"id": "a1", "subject": "a", "path": "a1.mkv", "sha256": "", "rate_hz": 30}
    ]})");
}

std::string ProblemOf(const Json& json) {
  try {
    ParseManifest(json, "made.json");
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(Manifest, TellsEveryProblemOfFormAtOnce) {
  Json json = SoundManifest();
  json["kind"] = "imaginary";
  json["subjects"][1]["split"] = 7;
  json["recordings"][0]["rate"] = 30;
  json["recordings"][0]["first_frame"] = -1;
  json.erase("licence");
  const std::string problem = ProblemOf(json);
  EXPECT_THAT(problem, HasSubstr("made.json has 5 problems"));
  EXPECT_THAT(problem, HasSubstr("kind is \"imaginary\"; allowed: one of real, virtual"));
  EXPECT_THAT(problem, HasSubstr("subjects[1].split must be text, not the number 7"));
  EXPECT_THAT(problem, HasSubstr("recordings[0].rate is not a known option. Did you mean"));
  EXPECT_THAT(problem, HasSubstr("recordings[0].first_frame is -1; allowed: at least 0"));
  EXPECT_THAT(problem, HasSubstr("licence is missing"));
}

TEST(Manifest, ChecksReferencesBetweenEntries) {
  Json json = SoundManifest();
  json["recordings"][0]["sha256"] = std::string(64, 'a');
  EXPECT_EQ(ProblemOf(json), "");
  json["recordings"].push_back(json["recordings"][0]);
  json["recordings"][1]["subject"] = "c";
  json["recordings"][1]["sha256"] = "ABC";
  const std::string problem = ProblemOf(json);
  EXPECT_THAT(problem, HasSubstr("name \"a1\" twice"));
  EXPECT_THAT(problem, HasSubstr("subject \"c\", which is not listed"));
  EXPECT_THAT(problem, HasSubstr("not 64 lower-case"));
}

TEST(Manifest, FileCheckTellsEveryBadFileAtOnce) {
  const TemporaryFolder folder;
  const std::filesystem::path video = folder.path() / "good.mkv";
  {
    const auto writer = VideoWriter::Intermediate(video, {32, 24}, {30, 1});
    for (int i = 0; i < 5; ++i) writer->Write(cv::Mat(24, 32, CV_8UC3, cv::Scalar::all(40 * i)));
    writer->Finish();
  }
  Dataset dataset;
  const auto add = [&dataset](const std::string& id, const std::string& path,
                              const std::string& sha256) -> LabelledRecording& {
    LabelledRecording recording;
    recording.id = id;
    recording.path = path;
    recording.sha256 = sha256;
    recording.rate_hz = 30;
    dataset.recordings.push_back(recording);
    return dataset.recordings.back();
  };
  const std::string sha256 = Sha256OfFile(video);
  add("good", "good.mkv", sha256);
  add("too_long", "good.mkv", sha256).frame_count = 6;
  add("wrong_rate", "good.mkv", sha256).rate_hz = 25;
  add("changed", "good.mkv", std::string(64, '0'));
  add("missing", "nowhere.mkv", sha256);
  add("outside", "../good.mkv", sha256);
  const Problems problems = CheckFiles(dataset, folder.path(), [](const std::string&) {});
  EXPECT_THAT(problems.lines(),
              ElementsAre(HasSubstr("frames 0 to 5 were asked for"),
                          HasSubstr("30 frames per second, the manifest says 25"),
                          HasSubstr("has changed: its SHA-256 is " + sha256),
                          HasSubstr("does not exist"), HasSubstr("leaves the data set's folder")));
}

}  // namespace
}  // namespace maskbench
