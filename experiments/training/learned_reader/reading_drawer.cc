#include "experiments/training/learned_reader/reading_drawer.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/error.h"
#include "maskbench/core/parallel.h"
#include "maskbench/head/eye_model.h"
#include "maskbench/perception/crop.h"
#include "maskbench/perception/face_tracker.h"
#include "maskbench/perception/reader_crop.h"

namespace maskbench::training {
namespace {

using virtual_clinic::PlayedFrame;
using virtual_clinic::RecordingPlan;

constexpr double kIrisMm = 11.7;
constexpr double kShutMm = 1.0;
// The paddle hides the whole opening while its middle is this near to the line of sight, and
// nothing of it beyond the second distance, mm.
constexpr double kHiddenWithinMm = 20, kFreeFromMm = 44;

double CoveredShare(const virtual_clinic::Occluder& paddle, const Eigen::Vector3d& globe_mm) {
  if (!paddle.shown || paddle.centre_mm.norm() > globe_mm.norm()) return 0;
  const Eigen::Vector3d sight = globe_mm.normalized();
  const double off = (paddle.centre_mm - paddle.centre_mm.dot(sight) * sight).norm();
  return std::clamp((kFreeFromMm - off) / (kFreeFromMm - kHiddenWithinMm), 0.0, 1.0);
}

EyeNow EyeOf(const PlayedFrame& played, Side side, double hvid_mm) {
  const auto s = static_cast<size_t>(side);
  const EyeFrameTruth& truth = played.truth[s];
  const Pose& head = played.exam->pose.head;
  // Everything against the line to the camera, along the head's axes.
  const Eigen::Vector3d to_camera = head.rotation.transpose() * -played.globe_camera_mm[s];
  const Eigen::Vector2d camera = GazeAngles(to_camera);
  const double nasal = side == Side::kLeft ? -1 : 1;  // Azimuth is to the patient's left.
  EyeNow now;
  const double scale = kIrisMm / hvid_mm;
  now.mrd1_mm = static_cast<float>(truth.measures.mrd1_mm * scale);
  now.mrd2_mm = static_cast<float>(truth.measures.mrd2_mm * scale);
  now.nasal_deg = static_cast<float>(nasal * (truth.pupillary_axis_head_deg.x() - camera.x()));
  now.up_deg = static_cast<float>(truth.pupillary_axis_head_deg.y() - camera.y());
  now.head_nasal_deg = static_cast<float>(-nasal * camera.x());
  now.head_up_deg = static_cast<float>(-camera.y());
  now.shut = truth.measures.mrd1_mm + truth.measures.mrd2_mm < kShutMm ? 1.0F : 0.0F;
  now.covered = static_cast<float>(CoveredShare(played.exam->occluder, played.globe_camera_mm[s]));
  return now;
}

void Append(const cv::Mat& patch, std::vector<std::uint8_t>* bytes) {
  bytes->insert(bytes->end(), patch.ptr<std::uint8_t>(), patch.ptr<std::uint8_t>() + patch.total());
}

class Perceiver {
 public:
  explicit Perceiver(const NetworkLibrary& networks) : tracker_(networks, FaceTrackerOptions()) {}

  void Reset() { tracker_.Reset(); }

  /// Adds crops of a frame; false when no face was found (crops are then black).
  bool Cut(const cv::Mat& bgr, std::vector<std::uint8_t>* crops) {
    const FaceObservation face = tracker_.Process(bgr);
    if (!face.has_face()) {
      crops->resize(crops->size() + ReadingShard::kFrameBytes, 0);
      return false;
    }
    cv::Mat grey, patch;
    cv::cvtColor(bgr, grey, cv::COLOR_BGR2GRAY);
    const auto placements = PlaceForReader(face);
    const cv::Size eye(kEyePatchWidth, kEyePatchHeight), around(kFacePatchWidth, kFacePatchHeight);
    for (const ReaderPlacement& placement : placements) {
      WarpAntialiased(grey, placement.FrameFromEye(eye, kPatchAcross), eye, &patch);
      Append(patch, crops);
    }
    const ReaderPlacement& left = placements[static_cast<size_t>(Side::kLeft)];
    WarpAntialiased(grey, left.FrameFromFace(around, kPatchAcross), around, &patch);
    Append(patch, crops);
    return true;
  }

 private:
  FaceTracker tracker_;
};

class Drawer {
 public:
  Drawer(const virtual_clinic::Studio& studio, const NetworkLibrary& networks)
      : studio_(studio), networks_(networks) {}

  std::vector<ReadingShard> Draw(ReadingUse use, std::uint64_t seed, int index,
                                 double second_share) {
    const RecordingPlan plan = PlanOf(use, seed, index, second_share);
    const virtual_clinic::Patient patient = PatientOf(plan);
    const virtual_clinic::Subject subject = SubjectOf(studio_, plan, patient);
    const bool draw = use != ReadingUse::kExaminations;
    std::vector<int> widths = {plan.width_px};
    if (use == ReadingUse::kTest) widths.assign(std::begin(kTestWidths), std::end(kTestWidths));
    std::vector<ReadingShard> shards(widths.size());
    while (draw && perceivers_.size() < widths.size())
      perceivers_.push_back(std::make_unique<Perceiver>(networks_));
    for (size_t k = 0; k < widths.size(); ++k) {
      shards[k].about = {{"use", ToString(use)},
                         {"width_px", widths[k]},
                         {"plan", ToJson(plan)},
                         {"patient", PatientTruth(patient)}};
      shards[k].has_crops = draw;
      if (draw) perceivers_[k]->Reset();
    }
    PlayFrames(studio_, plan, FramesOf(use, plan), draw, [&](const PlayedFrame& played) {
      ReadingShard::Frame frame;
      frame.number = played.number;
      frame.step = static_cast<std::int32_t>(played.exam->step);
      frame.seen = 1;
      for (const Side side : kSides) {
        const auto s = static_cast<size_t>(side);
        frame.eyes[s] = EyeOf(played, side, 2 * subject.eyes[s].limbus_horizontal_mm);
      }
      for (size_t k = 0; k < shards.size(); ++k) {
        if (draw) {
          if (use == ReadingUse::kFrames) perceivers_[k]->Reset();
          cv::Mat picture = played.picture;
          if (widths[k] != picture.cols) {
            cv::resize(played.picture, picture, {widths[k], widths[k] * 3 / 4}, 0, 0,
                       cv::INTER_AREA);
          }
          frame.seen = perceivers_[k]->Cut(picture, &shards[k].crops) ? 1 : 0;
        }
        shards[k].frames.push_back(frame);
      }
    });
    return shards;
  }

 private:
  const virtual_clinic::Studio& studio_;
  const NetworkLibrary& networks_;
  std::vector<std::unique_ptr<Perceiver>> perceivers_;
};

}  // namespace

std::vector<std::filesystem::path> ReadingFiles(const std::filesystem::path& folder, ReadingUse use,
                                                int index) {
  if (use != ReadingUse::kTest)
    return {folder / fmt::format("{}_{:05}.shard", ToString(use), index)};
  std::vector<std::filesystem::path> files;
  for (const int width : kTestWidths)
    files.push_back(folder / fmt::format("{}_{:05}_{}.shard", ToString(use), index, width));
  return files;
}

void MakeReadings(const virtual_clinic::Studio& studio, const NetworkLibrary& networks,
                  ReadingUse use, std::uint64_t seed, int count, double second_share,
                  const std::filesystem::path& folder, int threads,
                  const std::function<void(int, int)>& progress) {
  if (count < 1 || threads < 1)
    throw UsageError("Readings need at least one patient and one thread.");
  std::filesystem::create_directories(folder);
  const auto make_worker = [&]() -> std::function<void(int)> {
    const auto drawer = std::make_shared<Drawer>(studio, networks);
    return [&, drawer](int index) {
      const auto files = ReadingFiles(folder, use, index);
      const bool there = std::all_of(files.begin(), files.end(), [](const auto& file) {
        return std::filesystem::exists(file);
      });
      if (there) return;
      const std::vector<ReadingShard> shards = drawer->Draw(use, seed, index, second_share);
      for (size_t k = 0; k < shards.size(); ++k) WriteReadingShard(shards[k], files[k]);
    };
  };
  DoCases(count, threads, make_worker, progress);
}

}  // namespace maskbench::training
