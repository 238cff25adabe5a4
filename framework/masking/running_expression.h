#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "maskbench/head/head_model.h"
#include "maskbench/masking/mask_face_fit.h"
#include "maskbench/media/recording.h"
#include "maskbench/perception/face_observation.h"
#include "maskbench/reconstruct/face_fit.h"
#include "maskbench/reconstruct/running_fit.h"
#include "maskbench/reconstruct/running_schedule.h"

#include "shown_expression.h"

namespace maskbench {

/// FitMaskFace for a stream: activations of each frame from the frames before it and
/// `latency_frames` after it, with a head model fitted to frames already seen. Memory does not grow
/// with the stream.
class RunningExpression {
 public:
  /// @param model  must outlive this.
  RunningExpression(const HeadModel& model, cv::Size picture_px, FrameRate rate, int latency_frames,
                    const MaskFaceFitOptions& options);

  const std::vector<std::string>& names() const { return names_; }

  /// Takes the next frame. @param eyes  null without a face.
  void Push(const FaceObservation& face, const NewestFrame& head,
            const std::array<EyeEvidence, 2>* eyes);
  /// Activations of the frame after the one that was given last, by name. To be called once it and
  /// `latency_frames` more were taken, or all there are.
  std::vector<double> Next();

  /// The person's face as it is known so far; unknown before the first fit.
  const FaceIdentity& identity() const { return now_ ? now_->identity() : nobody_; }
  /// For MaskReport::notes.
  Json Notes() const;

 private:
  struct Solved {
    std::unique_ptr<FaceFitter> fitter;
  };
  struct Entry {
    bool known = false;
    std::int64_t since_cover = 0;
    Eigen::VectorXd value;  ///< Less the usual one; what was known last.
    double level = 0;       ///< Share that is shown.
  };

  std::int64_t Frames(double seconds) const;
  Eigen::VectorXd Shown(FaceFitter* fitter, const MeshFrame& frame, bool* known);
  void Learn(const MeshFrame& frame, const NewestFrame& head);

  MaskFaceFitOptions options_;
  double rate_hz_;
  FaceFitter collector_;
  std::unique_ptr<FaceFitter> before_, now_;
  std::vector<int> units_;
  std::vector<std::string> names_;
  ShownExpression shown_;
  GrowingSchedule schedule_;
  TakenOverLater<Solved> work_;
  FaceIdentity nobody_;
  std::int64_t taken_ = 0, looked_ = 0, since_cover_, since_known_, blended_since_ = 0;
  std::int64_t latency_;
  double size_ = 0;  ///< That collected frames are in.
  Eigen::VectorXd last_value_;
  std::deque<Entry> entries_;
  size_t present_ = 0;  ///< Entry that is given next.
  std::int64_t given_known_ = -1, given_ = 0;
  double level_ = 0;
  int fits_ = 0;
  std::int64_t fitted_ = 0, without_trust_ = 0, squares_ = 0;
  double square_ = 0;
};

}  // namespace maskbench
