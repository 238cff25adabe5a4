// The file that a mask stores: how it reaches an observer, and what is told of it.
#include "maskbench/pipeline/stored_parameters.h"

#include <cmath>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"
#include "maskbench/masking/stored_file.h"
#include "maskbench/media/frame_source.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/pipeline/components.h"
#include "maskbench/pipeline/worker.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

MaskParameters Looking(int frames) {
  MaskParameters parameters;
  parameters.header.picture_px = {640, 480};
  parameters.header.rate = {30, 1};
  parameters.header.focal_px = 1000;
  parameters.header.identity = {0.5, -1.25};
  parameters.header.scale = 1.05;
  parameters.header.expressions = {"one", "two"};
  for (int i = 0; i < frames; ++i) {
    MaskFrame frame;
    frame.status = MaskStatus::kSeen;
    frame.opacity = 1;
    frame.px_per_mm = 1.5;
    frame.place_px = {320, 240};
    frame.yaw_deg = i;
    for (MaskEye& eye : frame.eyes) {
      eye.status = MaskEyeStatus::kOpen;
      eye.elevation_deg = i - 50;
      eye.mrd1_mm = 4 + 0.02 * (i - 50);
      eye.mrd2_mm = 5;
      eye.aperture_mm = 9;
    }
    // Two blinks of the left eye, of three frames each.
    if (i % 50 >= 47) frame.eyes[1].status = MaskEyeStatus::kShut;
    frame.expression = {0.25, i % 2 == 0 ? 0.1 : 0.3};
    parameters.frames.push_back(frame);
  }
  return parameters;
}

constexpr size_t kScale = 40, kPlace = 43, kYaw = 47, kRight = 53, kEye = 20, kLeft = kRight + kEye,
                 kActivations = kLeft + kEye;

TEST(StoredParameters, TellsWhatTheFileTells) {
  const std::vector<float> told = StoredParametersDescriptor(Looking(101));
  ASSERT_EQ(told.size(), kActivations + 4);
  EXPECT_FLOAT_EQ(told[0], 0.5F);
  EXPECT_FLOAT_EQ(told[1], -1.25F);
  EXPECT_EQ(told[2], 0);
  EXPECT_FLOAT_EQ(told[kScale], 1.05F);
  EXPECT_FLOAT_EQ(told[kPlace], 0.5F);  // Of the picture's width.
  EXPECT_FLOAT_EQ(told[kYaw], 50);      // Median of 0 … 100 …
  EXPECT_FLOAT_EQ(told[kYaw + 1], 80);  // … from 10 to 90.
  EXPECT_FLOAT_EQ(told[kRight], 3.2F);  // The 10th percentile of MRD1.
  EXPECT_FLOAT_EQ(told[kRight + 1], 4);
  EXPECT_FLOAT_EQ(told[kRight + 2], 4.8F);
  EXPECT_NEAR(told[kRight + 15], 0.02, 1e-6);  // mm per degree of elevation.
  EXPECT_EQ(told[kRight + 16], 0);
  EXPECT_EQ(told[kRight + 17], 0);  // Never shut.
  EXPECT_FLOAT_EQ(told[kLeft + 17], 6.0F / 101);
  EXPECT_FLOAT_EQ(told[kLeft + 19], static_cast<float>(2 / (101.0 / 30 / 60)));  // Blinks.
  EXPECT_FLOAT_EQ(told[kActivations], 0.25F);
  EXPECT_NEAR(told[kActivations + 1], 0, 1e-6);
  EXPECT_NEAR(told[kActivations + 2], 0.2, 2e-3);
  EXPECT_NEAR(told[kActivations + 3], 0.1, 1e-4);
}

TEST(StoredParameters, WhatCannotBeToldIsNoNumberAndKeepsItsPlace) {
  MaskParameters blind = Looking(101);
  for (MaskFrame& frame : blind.frames) frame.eyes[0].status = MaskEyeStatus::kNotSeen;
  const std::vector<float> told = StoredParametersDescriptor(blind);
  ASSERT_EQ(told.size(), kActivations + 4);
  EXPECT_TRUE(std::isnan(told[kRight + 1]));
  EXPECT_EQ(told[kRight + 18], 1);  // Share of frames in which it is not seen.
  EXPECT_FLOAT_EQ(told[kLeft + 1], 4);
  for (MaskFrame& frame : blind.frames) frame.status = MaskStatus::kLost;
  const std::vector<float> nothing = StoredParametersDescriptor(blind);
  ASSERT_EQ(nothing.size(), told.size());
  EXPECT_FLOAT_EQ(nothing[0], 0.5F);
  EXPECT_TRUE(std::isnan(nothing[kYaw]));
}

/// Delivers the recording, and stores parameters if it is told to.
class Storing : public Masker {
 public:
  explicit Storing(bool stores) : stores_(stores) {}
  std::string Extension(const Recording&) const override { return ".mkv"; }
  MaskReport Mask(const MaskJob& job) override {
    fs::copy_file(job.recording.file, job.output);
    if (stores_) WriteMaskParameters(StoredBeside(job.output), Looking(20));
    MaskReport report;
    report.frames = job.recording.info.frame_count;
    return report;
  }

 private:
  bool stores_;
};

TEST(StoredParameters, TheFileLiesBesideTheVideoAndReachesTheObserver) {
  const TemporaryFolder folder;
  Components components;
  RegisterStoredParameters(&components.observers);
  RunConfig config;
  for (const bool stores : {true, false}) {
    ComponentInfo info;
    info.type = stores ? "storing" : "other";
    info.summary = "A test.";
    components.maskers.Add<NoOptions>(info, [stores](const NoOptions&, const Masker::Context&) {
      return std::make_unique<Storing>(stores);
    });
    config.variants.push_back({info.type, info.type, Json::object()});
  }
  const auto writer = VideoWriter::Intermediate(folder.path() / "source.mkv", {64, 48}, {25, 1});
  writer->Write(cv::Mat(48, 64, CV_8UC3, cv::Scalar::all(9)));
  writer->Finish();
  FaceTrackWriter track(folder.path() / "faces.track", ProbeMedia(folder.path() / "source.mkv"));
  track.Write({});
  track.Finish();
  NodeOutcome source, faces;
  source.artefact = "source.mkv";
  faces.artefact = "faces.track";
  Dataset dataset;
  LabelledRecording recording;
  recording.id = "p1_1";
  recording.subject = "p1";
  dataset.recordings.push_back(recording);
  RunContext context;
  context.config = &config;
  context.dataset = &dataset;
  context.components = &components;
  context.out = folder.path();
  Worker worker(context);
  for (const std::string type : {"storing", "other"}) {
    Node mask;
    mask.stage = Stage::kMask;
    mask.key = std::string(64, type[0]);
    mask.component = mask.variant = type;
    mask.recording = "p1_1";
    mask.anonymous_id = "r1";
    const NodeResult masked = worker.Do(mask, {&source, &faces});
    ASSERT_EQ(masked.outcome.status, NodeStatus::kDone) << masked.outcome.reason;
    const fs::path stored = folder.path() / StoredBeside(masked.outcome.artefact);
    EXPECT_EQ(fs::exists(stored), type == "storing");
    Node observe = mask;
    observe.stage = Stage::kObserve;
    observe.component = observe.observer = "stored_parameters";
    const NodeResult seen = worker.Do(observe, {&masked.outcome, &faces});
    ASSERT_EQ(seen.outcome.status, NodeStatus::kDone) << seen.outcome.reason;
    EXPECT_EQ(seen.observations.frames, 1);
    if (type == "other") {
      EXPECT_THAT(seen.observations.embeddings, testing::IsEmpty());
      continue;
    }
    EXPECT_EQ(masked.outcome.notes.at("stored_sha256"), Sha256OfFile(stored));
    ASSERT_EQ(seen.observations.embeddings.size(), 1U);
    EXPECT_EQ(seen.observations.embeddings[0].frame, Embedding::kTemplate);
    EXPECT_EQ(seen.observations.embeddings[0].values.size(), kActivations + 4);
    // A damaged file is the case's failure, not the run's.
    WriteFileAtomically(stored, "damaged");
    const NodeResult damaged = worker.Do(observe, {&masked.outcome, &faces});
    EXPECT_EQ(damaged.outcome.status, NodeStatus::kFailed);
    EXPECT_THAT(damaged.outcome.reason, testing::HasSubstr(".mask"));
  }
}

}  // namespace
}  // namespace maskbench
