#include "maskbench/report/viewer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/media/video_writer.h"
#include "maskbench/pipeline/run_folder.h"
#include "maskbench/report/report.h"

#include "media/video_fixtures.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kId = "ward7";
constexpr const char* kAnonymous = "r123456789abcdef";
constexpr int kFrames = 5;

/// A finished run of one recording: originals are red, masks are green.
class ViewerTest : public testing::Test {
 protected:
  ViewerTest() { RegisterFrameworkComponents(&components_); }

  void MakeRun(const std::string& kind, bool permitted, bool kept = true) {
    run_.plan.nodes.clear();
    RunDescription& run = run_;
    run.config = ParseRunConfig(
        Json::parse(
            R"({"name": "p", "notes": "Of anna_k.", "dataset": {"manifest": "ward7/m.json"},
                "variants": ["original", {"type": "reencoded", "name": "again"}, "eye_bar"]})"),
        components_, "c");
    if (frames_ > 0) {
      run.config.frames = frames_;
      run.config.variants = {run.config.variants.back()};
      run.config.variants[0].type = run.config.variants[0].name = "digital_mask";
      run.config.variants[0].options = Json::object();
    }
    Json manifest = Json::parse(R"({
      "format": "maskbench-dataset", "format_version": 1, "name": "hospital-x", "version": "1",
      "title": "Stomach Clinic", "provenance": "", "licence": "", "notes": "From hospital-x.",
      "subjects": [{"id": "anna_k"}],
      "recordings": [{"id": "ward7", "subject": "anna_k", "path": "films/clip-of-anna.mp4",
                      "left": {"labels": {"ptosis": "mild"}}}]})");
    manifest["recordings"][0]["sha256"] = std::string(64, '0');
    manifest["kind"] = kind;
    manifest["show_originals"] = permitted;
    run.dataset = ParseManifest(manifest, "m");
    run.plan.recordings = {kId};
    Node node;
    node.recording = kId;
    node.anonymous_id = kAnonymous;
    node.key = "source";
    run.plan.nodes.push_back(node);
    node.stage = Stage::kMask;
    for (const ComponentChoice& variant : run.config.variants) {
      node.key = node.variant = variant.name;
      node.component = variant.type;
      run.plan.nodes.push_back(node);
    }
    run.environment = Json::object();
    WriteRunDescription(run, components_, out());
    Store store(StoreFile(out()));
    for (const Node& each : run.plan.nodes) {
      NodeOutcome outcome;
      outcome.artefact = each.key + ".mkv";
      outcome.frames = kFrames;
      store.Commit(each, outcome, {});
      if (!kept) continue;
      const bool masked = each.variant == "eye_bar";
      const auto writer = VideoWriter::Intermediate(out() / outcome.artefact, {64, 48}, {25, 1});
      for (int i = 0; i < kFrames; ++i)
        writer->Write(
            cv::Mat(48, 64, CV_8UC3, masked ? cv::Scalar(0, 200, 0) : cv::Scalar(0, 0, 200)));
      writer->Finish();
    }
  }

  void Write(const ViewerOptions& options = {}) {
    WriteViewer(out(), components_, {}, options, [](int, int, const std::string&) {});
  }
  std::string Page() const { return ReadFile(out() / "viewer.html"); }
  /// What the page's scripts read.
  Json Data() const {
    const std::string page = Page(), mark = "id=\"data\">";
    const size_t begin = page.find(mark) + mark.size();
    return Json::parse(page.substr(begin, page.find("</script>", begin) - begin));
  }
  std::vector<std::string> Tiles() const {
    std::vector<std::string> names;
    const Json data = Data();
    for (const Json& tile : data.at("videos")[0].at("tiles")) names.push_back(tile.at("variant"));
    return names;
  }
  static bool HasRed(const cv::Mat& picture) {
    cv::Mat red;
    cv::inRange(picture, cv::Scalar(0, 0, 150), cv::Scalar(80, 80, 255), red);
    return cv::countNonZero(red) > 0;
  }
  /// Whether any frame of a video beside the page has the colour of originals.
  bool ShowsOriginals() const {
    for (const auto& entry : fs::directory_iterator(out() / "viewer"))
      for (const cv::Mat& frame : ReadAll(entry.path()))
        if (HasRed(frame)) return true;
    return false;
  }
  template <typename Error>
  std::string Message(const ViewerOptions& options = {}) {
    try {
      Write(options);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
  const fs::path& out() const { return folder_.path(); }

  TemporaryFolder folder_;
  Components components_;
  RunDescription run_;
  int frames_ = 0;
};

TEST_F(ViewerTest, VirtualOriginalsStandBesideTheMasks) {
  MakeRun("virtual", true);
  Write();
  EXPECT_THAT(Tiles(), ElementsAre("original", "again", "eye_bar"));
  EXPECT_TRUE(ShowsOriginals());
  const Json video = Data().at("videos")[0];
  EXPECT_EQ(video.at("recording"), kId);
  EXPECT_EQ(video.at("condition"), "ptosis");
  EXPECT_EQ(video.at("frames"), kFrames);
  EXPECT_EQ(video.at("rate_hz"), 25);
  EXPECT_THAT(Page(), HasSubstr("VIRTUAL people"));
}

TEST_F(ViewerTest, RealOriginalsAreShownOnWishAlone) {
  MakeRun("real", true);
  ViewerOptions wish;
  wish.show_originals = true;
  Write(wish);
  EXPECT_THAT(Tiles(), ElementsAre("original", "again", "eye_bar"));
  EXPECT_TRUE(ShowsOriginals());
  // What was shown must not stay behind, and the original encoded again is an original.
  Write();
  EXPECT_THAT(Tiles(), ElementsAre("eye_bar"));
  EXPECT_FALSE(ShowsOriginals());
  EXPECT_THAT(Data().at("about_originals").get<std::string>(), HasSubstr("--show-originals"));
}

TEST_F(ViewerTest, WhatTheManifestForbidsIsNotShown) {
  for (const char* kind : {"real", "virtual"}) {
    MakeRun(kind, false);
    Write();
    EXPECT_THAT(Tiles(), ElementsAre("eye_bar")) << kind;
    EXPECT_FALSE(ShowsOriginals()) << kind;
    ViewerOptions wish;
    wish.show_originals = true;
    EXPECT_THAT(Message<UsageError>(wish), HasSubstr("does not permit")) << kind;
  }
}

TEST_F(ViewerTest, NothingOfAConfidentialManifestEnters) {
  MakeRun("real", false);
  Write();
  for (const char* secret :
       {"anna_k", kId, "clip-of-anna", "hospital-x", "Stomach Clinic", "ptosis"}) {
    EXPECT_THAT(Data().dump(), Not(HasSubstr(secret)));
    EXPECT_THAT(Page().substr(0, 3000), Not(HasSubstr(secret)));
  }
  EXPECT_EQ(Data().at("videos")[0].at("recording"), kAnonymous);
  EXPECT_EQ(Data().at("videos")[0].at("file"), std::string("viewer/") + kAnonymous + ".mp4");
  EXPECT_TRUE(fs::exists(out() / "viewer" / (std::string(kAnonymous) + ".mp4")));
}

TEST_F(ViewerTest, AnOriginalEncodedAgainIsNoneOfTheReportsPicturesEither) {
  for (const bool permitted : {true, false}) {
    MakeRun("real", permitted);
    WriteResults(run_, {}, out());
    WriteReport(out(), components_, {});
    const cv::Mat sheet = cv::imread((out() / "variants.png").string());
    ASSERT_FALSE(sheet.empty());
    EXPECT_EQ(HasRed(sheet), permitted);
  }
}

TEST_F(ViewerTest, TheSourceStandsForAnOriginalThatWasNotKept) {
  MakeRun("virtual", true);
  fs::remove(out() / "original.mkv");
  Write();
  EXPECT_THAT(Tiles(), ElementsAre("original", "again", "eye_bar"));
  EXPECT_THAT(Data().at("videos")[0].at("missing"), IsEmpty());
  fs::remove(out() / "source.mkv");
  Write();
  EXPECT_THAT(Tiles(), ElementsAre("again", "eye_bar"));
  EXPECT_EQ(Data().at("videos")[0].at("missing"),
            Json::parse(R"([{"variant": "original", "type": "original", "why": "not kept"}])"));
}

TEST_F(ViewerTest, SaysWhyItCannotBeMade) {
  MakeRun("virtual", true, false);
  EXPECT_THAT(Message<DataError>(), HasSubstr("--set keep=masked"));
  EXPECT_FALSE(fs::exists(out() / "viewer.html"));
  ViewerOptions options;
  options.recordings = {"ward8"};
  EXPECT_THAT(Message<UsageError>(options), HasSubstr("no recording \"ward8\""));
  options.recordings = {kId};
  EXPECT_THAT(Message<DataError>(options), HasSubstr("of ward7 no masked video was kept"));
  frames_ = 3;
  MakeRun("virtual", true);
  EXPECT_THAT(Message<UsageError>(), HasSubstr("\"frames\""));
}

}  // namespace
}  // namespace maskbench
