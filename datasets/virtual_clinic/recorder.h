#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "maskbench/core/json.h"

#include "datasets/virtual_clinic/disease.h"
#include "datasets/virtual_clinic/examination.h"
#include "datasets/virtual_clinic/studio.h"

namespace maskbench::virtual_clinic {

/// One recording to be made. Everything in it follows from these values.
struct RecordingPlan {
  std::uint64_t seed = 1;  ///< Of the data set.
  std::string subject_id;
  Stratum stratum;
  Condition condition = Condition::kHealthy;
  Condition second = Condition::kHealthy;  ///< Patient::second.
  int number = 0;                          ///< Of the subject's recordings.
  /// Whose signs and eye movements are played; empty: the subject's own. Subjects with the same
  /// name here can be told apart by identity alone.
  std::string signs_id;
  /// With signs_id: eyes of one size and one angle kappa as well, through which signs are seen.
  bool eyes_matched = false;
  std::string recording_id;
  double seconds = 12;
  double rate_hz = 60;
  int width_px = 640, height_px = 480;
  int skin_px = 1024;  ///< Size of the skin's textures.
};

/// The subject of a plan with its patient's features (kappa, lids' crease, epicanthus) worked in.
Subject SubjectOf(const Studio& studio, const RecordingPlan& plan, const Patient& patient);

/// All of a plan, and back. PlanOf throws DataError when something is missing.
Json ToJson(const RecordingPlan& plan);
RecordingPlan PlanOf(const Json& json);

/// Sex, ancestry and age in years, as manifests state them of a subject.
Json AttributesOf(const Stratum& stratum);

/// The patient who is examined.
Patient PatientOf(const RecordingPlan& plan);

std::int64_t FrameCount(const RecordingPlan& plan);

/// Draws a recording into `video` and the truth of every frame into `truth` (MessagePack; see
/// docs/virtual_clinic.md). Files appear only when complete. Uses the calling thread alone.
void MakeRecording(const Studio& studio, const RecordingPlan& plan,
                   const std::filesystem::path& video, const std::filesystem::path& truth);

/// One frame of a plan with what is true in it.
struct PlayedFrame {
  int number = 0;
  const ExamFrame* exam = nullptr;
  std::array<EyeFrameTruth, 2> truth;                ///< By Side; lids and objects hide nothing.
  std::array<Eigen::Vector3d, 2> globe_camera_mm{};  ///< Centres of the globes.
  cv::Mat picture;                                   ///< BGR, 8 bit; empty unless drawn.
};

/// Plays frames of a plan in the order asked for, without a codec and without a file; `draw` says
/// whether pictures come along. For training, where truth and pixels are enough.
void PlayFrames(const Studio& studio, const RecordingPlan& plan, const std::vector<int>& frames,
                bool draw, const std::function<void(const PlayedFrame&)>& visit);

/// Draws single frames of a plan, for sheets and strips. BGR, 8 bit.
std::vector<cv::Mat> DrawFrames(const Studio& studio, const RecordingPlan& plan,
                                const std::vector<int>& frames);

}  // namespace maskbench::virtual_clinic
