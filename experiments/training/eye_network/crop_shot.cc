#include "experiments/training/eye_network/crop_shot.h"

#include <algorithm>
#include <cmath>

#include "maskbench/head/eye_measures.h"

namespace maskbench::training {
namespace {

// Picture beyond the patches, so that blur and blocks have something to work on.
constexpr int kBorderPx = 10;
constexpr double kCornerBehindMm = 3.5;
constexpr double kPi = 3.14159265358979323846;

cv::Point2d PointOf(const Eigen::Vector2d& p) { return {p.x(), p.y()}; }

// Rectangle of the picture that a patch is cut from.
cv::Rect AreaOf(const EyePlacement& placement) {
  const cv::Matx23d map = placement.FrameFromCrop({kPatchWidth, kPatchHeight});
  double left = 1e9, top = 1e9, right = -1e9, bottom = -1e9;
  for (const double x : {-0.5, kPatchWidth - 0.5})
    for (const double y : {-0.5, kPatchHeight - 0.5}) {
      const cv::Point2d p = Transform(map, {x, y});
      left = std::min(left, p.x);
      right = std::max(right, p.x);
      top = std::min(top, p.y);
      bottom = std::max(bottom, p.y);
    }
  const int x0 = static_cast<int>(std::floor(left)) - kBorderPx;
  const int y0 = static_cast<int>(std::floor(top)) - kBorderPx;
  return {x0, y0, static_cast<int>(std::ceil(right)) + kBorderPx + 1 - x0,
          static_cast<int>(std::ceil(bottom)) + kBorderPx + 1 - y0};
}

std::array<EyePlacement, 2> Placements(const std::array<Eigen::Vector2d, 2>& medial,
                                       const std::array<Eigen::Vector2d, 2>& lateral) {
  // As FaceObservation::roll_rad: from the right lateral corner to the left one.
  const Eigen::Vector2d across = lateral[1] - lateral[0];
  const double angle = std::atan2(across.y(), across.x());
  std::array<EyePlacement, 2> placements;
  for (Side side : kSides) {
    const size_t s = static_cast<size_t>(side);
    placements[s] = PlaceEye(PointOf(medial[s]), PointOf(lateral[s]), angle, side);
  }
  return placements;
}

// Labels of one eye in patch pixels.
class Labeller {
 public:
  Labeller(const EyePlacement& placement, const RenderedFrame& frame)
      : to_patch_(Inverted(placement.FrameFromCrop({kPatchWidth, kPatchHeight}))),
        scale_(1 / placement.Scale()),
        frame_(frame) {}

  double scale() const { return scale_; }
  LabelPoint At(const Eigen::Vector2d& pixel, bool seen) const {
    const cv::Point2d p = Transform(to_patch_, PointOf(pixel));
    return {static_cast<float>(p.x), static_cast<float>(p.y), static_cast<std::uint8_t>(seen)};
  }
  // Angle in the patch of a direction at an angle in the picture, −π/2 … π/2.
  float Angle(double angle_rad) const {
    const double c = std::cos(angle_rad), s = std::sin(angle_rad);
    const double angle = std::atan2(to_patch_(1, 0) * c + to_patch_(1, 1) * s,
                                    to_patch_(0, 0) * c + to_patch_(0, 1) * s);
    return static_cast<float>(angle > kPi / 2     ? angle - kPi
                              : angle <= -kPi / 2 ? angle + kPi
                                                  : angle);
  }
  Part PartAt(const Eigen::Vector2d& pixel) const {
    const int x = static_cast<int>(std::lround(pixel.x())),
              y = static_cast<int>(std::lround(pixel.y()));
    if (x < 0 || y < 0 || x >= frame_.labels.cols || y >= frame_.labels.rows)
      return Part::kBackground;
    return static_cast<Part>(frame_.labels.at<unsigned char>(y, x));
  }
  // Corners lie behind the rims of the lids that meet there; a nose or a fold lies farther before
  // them.
  bool CornerSeen(const Eigen::Vector2d& pixel, double depth_mm) const {
    switch (PartAt(pixel)) {
      case Part::kSkin:
      case Part::kLidMargin:
      case Part::kSclera:
      case Part::kIris:
      case Part::kPupil:
      case Part::kCaruncle:
      case Part::kLash:
        break;
      default:
        return false;
    }
    const float before_mm = frame_.depth_mm.at<float>(static_cast<int>(std::lround(pixel.y())),
                                                      static_cast<int>(std::lround(pixel.x())));
    return before_mm <= 0 || before_mm > depth_mm - kCornerBehindMm;
  }
  // Whether a point of the globe is in sight: not behind a lid, nor anything else but lashes.
  bool GlobeSeen(const EyeFrameTruth& truth, const Eigen::Vector2d& pixel) const {
    const Part part = PartAt(pixel);
    if (part == Part::kIris || part == Part::kPupil || part == Part::kSclera) return true;
    if (part != Part::kLash) return false;
    const Eigen::Vector2d span = truth.lateral_corner_px - truth.medial_corner_px;
    const double along = (pixel - truth.medial_corner_px).dot(span) / span.squaredNorm();
    if (along <= 0 || along >= 1) return false;
    const size_t k = static_cast<size_t>(std::lround(along * (kMarginPoints - 1)));
    const double y = pixel.y();
    return y > truth.upper[k].pixel.y() && y < truth.lower[k].pixel.y();
  }

 private:
  const cv::Matx23d to_patch_;
  const double scale_;
  const RenderedFrame& frame_;
};

static_assert(kMarginPoints == EyeFrameTruth::kMarginPoints);

EyeLabel LabelOf(Side side, const CropFrame& frame, const Actor& actor, const EyeFrameTruth& truth,
                 const Labeller& labeller, const Camera& camera) {
  const size_t s = static_cast<size_t>(side);
  EyeLabel label;
  const std::vector<int>& chain = actor.rig().surface().margins()[s].upper_inner;
  const auto corner = [&](const Eigen::Vector2d& pixel, int vertex) {
    const Eigen::Vector3d at = frame.pose.head * Eigen::Vector3d(frame.posed.positions.col(vertex));
    return labeller.At(pixel, labeller.CornerSeen(pixel, at.z()));
  };
  label.medial = corner(truth.medial_corner_px, chain.front());
  label.lateral = corner(truth.lateral_corner_px, chain.back());
  const Eigen::Vector2d span = truth.lateral_corner_px - truth.medial_corner_px;
  Eigen::Vector2d down(span.y(), -span.x());
  if (down.y() < 0) down = -down;
  for (size_t k = 0; k < truth.upper.size(); ++k) {
    const MarginPoint& upper = truth.upper[k];
    MarginPoint lower = truth.lower[k];
    // A shut upper lid lies over the lower one; its edge is the line that is seen.
    if ((lower.pixel - upper.pixel).dot(down) < 0) lower = upper;
    label.upper[k] = labeller.At(upper.pixel, upper.visible);
    label.lower[k] = labeller.At(lower.pixel, lower.visible);
  }
  label.iris = labeller.At(truth.iris.centre_px, truth.iris_visible >= kIrisSeen);
  const bool first_is_major = truth.iris.radii_px.x() >= truth.iris.radii_px.y();
  label.iris_major_px = static_cast<float>(labeller.scale() * truth.iris.radii_px.maxCoeff());
  label.iris_minor_px = static_cast<float>(labeller.scale() * truth.iris.radii_px.minCoeff());
  label.iris_angle_rad = labeller.Angle(truth.iris.angle_rad + (first_is_major ? 0.0 : kPi / 2));
  label.iris_visible = static_cast<float>(truth.iris_visible);
  label.pupil =
      labeller.At(truth.pupil.centre_px, labeller.GlobeSeen(truth, truth.pupil.centre_px));

  const EyeShape& shape = actor.appearance().eyes[s];
  const EyeState& state = frame.posed.eyes[s];
  const Eigen::Vector3d limbus =
      frame.pose.head *
      (state.globe_centre_mm + state.rotation * Eigen::Vector3d(0, 0, shape.LimbusPointMm(0).z()));
  const double px_per_mm = camera.focal_px / limbus.z();
  label.px_per_mm = static_cast<float>(labeller.scale() * px_per_mm);
  label.source_iris_px = static_cast<float>(px_per_mm * 2 * shape.limbus_horizontal_mm);
  label.closure = static_cast<float>(frame.closure[s]);
  // Clinical distances count from the reflex of a light at the camera, wherever the drawn one is.
  const Eigen::Vector3d camera_mm =
      frame.pose.head.rotation.transpose() * -frame.pose.head.translation_mm;
  const EyeMeasures measures = MeasureEye(actor.rig().surface().margins()[s], frame.posed.positions,
                                          shape, state, camera_mm, camera_mm);
  label.mrd1_mm = static_cast<float>(measures.mrd1_mm);
  label.mrd2_mm = static_cast<float>(measures.mrd2_mm);
  const double nasal = side == Side::kLeft ? -1 : 1;
  label.azimuth_deg = static_cast<float>(nasal * truth.pupillary_axis_head_deg.x());
  label.elevation_deg = static_cast<float>(truth.pupillary_axis_head_deg.y());
  label.yaw_deg = static_cast<float>(frame.yaw_deg);
  label.pitch_deg = static_cast<float>(frame.pitch_deg);
  label.glasses = frame.glasses.has_value();
  return label;
}

}  // namespace

void Shoot(const CropFrame& frame, const Actor& actor, Renderer* renderer, CropShot* shot) {
  Scene scene;
  scene.lighting = frame.lighting;
  scene.background = frame.background;
  Camera& camera = scene.camera;
  camera.focal_px = frame.focal_px;
  camera.principal_px = {0, 0};
  std::array<Eigen::Vector2d, 2> medial, lateral;
  for (size_t s = 0; s < 2; ++s) {
    const std::vector<int>& chain = actor.rig().surface().margins()[s].upper_inner;
    const auto project = [&](int v) {
      return camera.Project(frame.pose.head * Eigen::Vector3d(frame.posed.positions.col(v)));
    };
    medial[s] = project(chain.front());
    lateral[s] = project(chain.back());
  }
  // The picture is a window round both patches; its origin may be anywhere in the sensor.
  std::array<EyePlacement, 2> placements = Placements(medial, lateral);
  const std::array<cv::Rect, 2> areas = {AreaOf(placements[0]), AreaOf(placements[1])};
  const cv::Rect window = areas[0] | areas[1];
  camera.width_px = window.width;
  camera.height_px = window.height;
  camera.principal_px = {-window.x, -window.y};

  actor.AddTo(frame.pose, frame.posed, &scene);
  for (const Mesh& mesh : frame.occluders) scene.meshes.push_back(mesh);
  if (frame.glasses) scene.meshes.push_back(RimsInCamera(*frame.glasses, frame.pose.head));
  RenderOptions options;
  options.labels = options.depth = true;
  renderer->Render(scene, options, &shot->picture);
  shot->camera = camera;
  const auto truths = actor.Truth(frame.pose, frame.posed, scene, &shot->picture);
  for (Side side : kSides) {
    const size_t s = static_cast<size_t>(side);
    EyeShot& eye = shot->eyes[s];
    eye.truth = truths[s];
    eye.area = areas[s] - window.tl();
    eye.placement = placements[s];
    eye.placement.centre_px -= cv::Point2d(window.x, window.y);
    const Labeller labeller(eye.placement, shot->picture);
    eye.label = LabelOf(side, frame, actor, eye.truth, labeller, camera);
    eye.px_per_mm = eye.label.px_per_mm / labeller.scale();
    eye.reflex_radiance = 0;
    if (labeller.GlobeSeen(eye.truth, eye.truth.reflex_px)) {
      // As the globe's shader spreads it.
      const double spread = std::max(0.32, 0.62 / eye.px_per_mm);
      eye.reflex_radiance =
          static_cast<float>(scene.lighting.reflex_strength * 0.25 * std::pow(0.32 / spread, 2));
    }
    eye.label.reflex = labeller.At(eye.truth.reflex_px, eye.reflex_radiance > 0);
  }
}

}  // namespace maskbench::training
