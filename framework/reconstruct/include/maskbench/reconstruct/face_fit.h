#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include <Eigen/Core>
#include <opencv2/core.hpp>

#include "maskbench/head/head_model.h"
#include "maskbench/head/shape_fit.h"
#include "maskbench/perception/face_observation.h"
#include "maskbench/reconstruct/head_anchor.h"
#include "maskbench/reconstruct/head_motion.h"

namespace maskbench {

/// What a frame gives to the fit of the face.
struct MeshFrame {
  /// FaceObservation::mesh: x right, y down, z away from the camera, px. 3 × 468; no columns where
  /// no face was seen.
  Eigen::Matrix3Xf mesh_px;
  /// The head's pose as known from elsewhere; not used by a fit of the pose.
  HeadView head;
  /// 0 … 1, how much the mesh counts against the usual expression. Something before an eye disturbs
  /// the whole mesh: in cover tests it moved corners of the mouth by up to 10 mm. Frames below 0.5
  /// do not take part in the identity unless there are hardly any others.
  double trust = 1;
};

/// @param eyes  by Side, if they were looked at: a covered eye leaves the mesh no trust.
MeshFrame MeshFrameOf(const FaceObservation& face, const HeadView& head = {},
                      const std::array<EyeEvidence, 2>* eyes = nullptr);

/// One pose of the head from those of its two orbits: midway between them, or as the orbit has it
/// whose eye is in sight, since the other one's place is the mesh's.
HeadView HeadOfOrbits(const OrbitViews& orbits, size_t frame,
                      const std::array<EyeEvidence, 2>* eyes = nullptr);

struct FaceFitOptions {
  cv::Size picture_px;  ///< The optical axis meets the middle of the picture.
  /// Poses come with the frames (HeadView) and are kept; else they are fitted with the expression.
  /// The mesh takes a look upwards for a head that tilts (see AnchorToCorners), so a pose of its
  /// own follows the gaze a little.
  bool given_pose = true;
  /// Real mm per mm of the given poses' template, EyeFit::size. With given poses only.
  double size = 1;
  /// Px per real mm at the head, median over the recording; 0: from the given poses and `size`, or,
  /// without given poses, as if this head had the mean head's size.
  double px_per_mm = 0;
  /// 0: px per mm times the distance, mm.
  double focal_px = 0, camera_distance_mm = 650;

  int identity_dims = 40;    ///< The first of the head model's coefficients; the others stay 0.
  int identity_frames = 60;  ///< Most frames that the identity is fitted to.
  /// 0: the identity comes from all frames before any expression is fitted. Else it comes from the
  /// first so many frames with a face, is improved a few times until then and fixed afterwards.
  int causal_frames = 0;
  /// Expressions that move the mesh by less than this (root mean square) are left at 0.
  double least_expression_mm = 0.2;
  /// Error of a point of the mesh; a frame counts like a hundred independent points, the frames of
  /// a recording together like five independent ones. And what changes from frame to frame once the
  /// mesh's mean deviation from this person's head is known.
  double mesh_error_mm = 2, frame_error_mm = 1;
  /// Weight of a residual in depth against one in the picture: the mesh network guesses depth.
  double depth_weight = 0.15;
  int iterations = 5;    ///< Most Gauss–Newton steps in a frame.
  int hold_frames = 12;  ///< So many frames keep the values before a loss.
};

enum class FaceFitStatus : std::uint8_t {
  kLost = 0,    ///< No values.
  kFitted = 1,  ///< To the frame's own mesh.
  kHeld = 2,    ///< Nothing usable in this frame: values of the last fitted one.
};

/// Pose and expression of one frame. Camera frame: mm, +x right and +y down in the picture, +z into
/// the scene, as that of the renderer.
struct FacePose {
  FaceFitStatus status = FaceFitStatus::kLost;
  /// A vertex X of the head model is at rotation · (scale · X) + translation_mm, with
  /// FaceIdentity::scale.
  Eigen::Matrix3d rotation = Eigen::Matrix3d::Identity();
  Eigen::Vector3d translation_mm = Eigen::Vector3d::Zero();
  /// HeadModel::ExpressionDims() activations within the model's range; 0 for those that are not
  /// fitted (small ones and those of the lids). Empty when lost.
  Eigen::VectorXf expression;
  /// Root of the weighted mean squared distance in the picture between the frame's own mesh and the
  /// head, once the person's mean deviation is added and the mesh is laid at its own best pose (see
  /// FaceFitter): what no activation explains. NaN where there is none or it has no trust.
  float rms_px = 0;
  int iterations = 0;
};

/// What is found of a face for a whole recording.
struct FaceIdentity {
  bool known = false;        ///< Whether any frame was good enough.
  Eigen::VectorXd identity;  ///< HeadModel::IdentityDims() entries.
  /// Real mm per mm of the head model: multiply any head of the model by it, whatever its identity,
  /// to show it with eyeballs in real millimetres.
  double scale = 1;
  double focal_px = 0;
  Eigen::Vector2d principal_px = Eigen::Vector2d::Zero();
  /// With given poses: from the model's frame (its mm) to the frame of the poses' template in real
  /// mm, in which EyeballFit::centre_mm is.
  Similarity template_from_model;
  std::vector<int> expressions;  ///< Those that are fitted.
  /// Median activations over the frames that the identity was fitted to, which show a face at rest
  /// where there is one; ExpressionDims() entries. Frames without trust get these. Part of it is
  /// the person's own shape: a mask that must not tell who it is shows activations less these.
  Eigen::VectorXf usual_expression;
  int frames = 0;      ///< That it was fitted to.
  int iterations = 0;  ///< Of the last solution.
  bool converged = false;
  double rms_px = 0;  ///< As FacePose::rms_px over these frames, without the mean deviation.
};

/// Fits a head model to the face meshes of one recording, frame by frame, under perspective. Lids
/// and eyeballs are not its business: points near the eyes hardly count, and expressions of the
/// lids stay at rest.
///
/// Once for the recording: identity, scale and how the mesh of this person deviates from the head
/// in all frames alike. Then each frame by itself, without any smoothing over time: activations and
/// the mesh's pose. A given pose is not changed by the mesh, but the mesh may stray from it by some
/// degrees and mm, so that no expression has to make up for that.
///
/// Offline: Look at every frame, SolveIdentity, then Fit every frame. Causal: Fit only. Memory does
/// not grow with the recording. One thread; the same frames give the same bytes.
class FaceFitter {
 public:
  /// @param model  must outlive the fitter. Throws UsageError for options out of range, DataError
  /// for a model without enough points of the mesh.
  FaceFitter(const HeadModel& model, const FaceFitOptions& options);
  ~FaceFitter();
  FaceFitter(const FaceFitter&);
  FaceFitter(FaceFitter&&) noexcept;
  FaceFitter& operator=(FaceFitter&&) noexcept;

  /// Offers a frame for the fit of the identity.
  void Look(const MeshFrame& frame);
  /// For given poses of which the scale turned out to be another: multiplies it in all frames that
  /// were looked at so far.
  void ScalePoses(double factor);
  /// Fits identity, scale and, with given poses, the model's place in their frame to up to
  /// `identity_frames` of the frames looked at: those that spread most over poses of the head, with
  /// the mouth shut and the face at rest if there are such (Ceres; Huber's loss; standard normal
  /// identity coefficients). Without usable frames the identity stays unknown.
  void SolveIdentity();
  const FaceIdentity& identity() const;
  /// Pose and expression of the next frame, from this frame alone: the one before is where the
  /// iterations start.
  FacePose Fit(const MeshFrame& frame);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct FaceFit {
  FaceIdentity identity;
  std::vector<FacePose> frames;
  /// How many later frames the result of a frame waits for, given the frames' own inputs.
  int latency_frames = 0;
};

/// A recording at once. In causal mode, poses before `causal_frames` belong to identities before
/// the last one.
FaceFit FitFace(const std::vector<MeshFrame>& frames, const HeadModel& model,
                const FaceFitOptions& options);

}  // namespace maskbench
