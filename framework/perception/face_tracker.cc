#include "maskbench/perception/face_tracker.h"

#include <algorithm>
#include <cmath>

namespace maskbench {
namespace {

constexpr int kMeshSide = 192;
constexpr int kIrisSide = 64;
/// Crop sizes relative to the face box and to the eye-corner distance, as the networks were
/// trained.
constexpr float kMeshMargin = 1.5F;
constexpr float kIrisMargin = 2.3F;

constexpr float k255 = 1 / 255.0F;
const InputNormalization kUnitRgb = {true, {0, 0, 0}, {k255, k255, k255}};

float Angle(cv::Point2f from, cv::Point2f to) { return std::atan2(to.y - from.y, to.x - from.x); }

CropRegion RegionOfDetection(const FaceDetection& face) {
  return {{face.box.x + face.box.width / 2, face.box.y + face.box.height / 2},
          kMeshMargin * std::max(face.box.width, face.box.height),
          Angle(face.points[0], face.points[1]),
          false};
}

CropRegion RegionOfEye(const FaceObservation& face, Side side) {
  // Image-left corner first; the network knows right eyes, so the left one is mirrored.
  const bool right = side == Side::kRight;
  const cv::Point2f from = face.point(right ? mesh::kRightEyeOuter : mesh::kLeftEyeInner);
  const cv::Point2f to = face.point(right ? mesh::kRightEyeInner : mesh::kLeftEyeOuter);
  return {(from + to) * 0.5F, kIrisMargin * std::hypot(to.x - from.x, to.y - from.y),
          Angle(from, to), !right};
}

}  // namespace

CropRegion MeshRegion(const FaceObservation& face, float margin) {
  const float angle = Angle(face.point(mesh::kRightEyeOuter), face.point(mesh::kLeftEyeOuter));
  const float c = std::cos(angle), s = std::sin(angle);
  float low_u = 1e9F, high_u = -1e9F, low_v = 1e9F, high_v = -1e9F;
  for (const cv::Point3f& p : face.mesh) {
    const float u = c * p.x + s * p.y, v = -s * p.x + c * p.y;
    low_u = std::min(low_u, u);
    high_u = std::max(high_u, u);
    low_v = std::min(low_v, v);
    high_v = std::max(high_v, v);
  }
  const float u = (low_u + high_u) / 2, v = (low_v + high_v) / 2;
  return {{c * u - s * v, s * u + c * v},
          margin * std::max(high_u - low_u, high_v - low_v),
          angle,
          false};
}

const OptionTable<FaceTrackerOptions>& FaceTrackerOptions::Options() {
  static const auto table =
      OptionTable<FaceTrackerOptions>()
          .Add("detector", &FaceTrackerOptions::detector,
               "Face detector: blazeface_front for near faces, blazeface for farther ones.",
               {OneOf({"blazeface_front", "blazeface"})})
          .Add("min_detection_score", &FaceTrackerOptions::min_detection_score,
               "Detections with a lower score are no faces.", {Range(0, 1)})
          .Add("min_presence", &FaceTrackerOptions::min_presence,
               "A face is lost when the mesh network's presence probability falls below.",
               {Range(0, 1)})
          .Add("look_again_every_frames", &FaceTrackerOptions::look_again_every_frames,
               "While a face is followed, run the detector every so many frames to count faces; 0 "
               "only looks when there is no face to follow.",
               {Range(0, 100000)});
  return table;
}

std::vector<std::string> FaceTracker::NetworkNames(const FaceTrackerOptions& options) {
  return {options.detector, "facemesh", "iris"};
}

FaceTracker::FaceTracker(const NetworkLibrary& networks, const FaceTrackerOptions& options,
                         TrackedParts parts)
    : options_(options),
      detector_(networks, options.detector, static_cast<float>(options.min_detection_score)),
      mesh_network_(networks.Load("facemesh", 1)),
      mesh_input_(3 * kMeshSide * kMeshSide),
      iris_input_(2 * 3 * kIrisSide * kIrisSide) {
  if (parts == TrackedParts::kMeshAndEyes) iris_network_ = networks.Load("iris", 2);
}

void FaceTracker::Reset() {
  followed_.reset();
  frame_ = 0;
}

FaceObservation FaceTracker::Process(const cv::Mat& bgr) {
  FaceObservation face;
  face.frame = frame_;
  bool found = followed_ && FitMesh(bgr, *followed_, &face);
  if (found) {
    face.status = FaceStatus::kTracked;
    const int every = options_.look_again_every_frames;
    if (every > 0 && frame_ % every == 0) {
      face.faces_found = static_cast<int>(detector_.Detect(bgr).size());
    }
  } else {
    const std::vector<FaceDetection> detections = detector_.Detect(bgr);
    face.faces_found = static_cast<int>(detections.size());
    for (const FaceDetection& detection : detections) {  // Largest first.
      // The second pass starts from landmarks, as it does in the frames that follow.
      found = FitMesh(bgr, RegionOfDetection(detection), &face) &&
              FitMesh(bgr, MeshRegion(face, kMeshMargin), &face);
      if (found) break;
    }
    if (found) face.status = FaceStatus::kDetected;
  }
  ++frame_;
  if (!found) {
    followed_.reset();
    return face;
  }
  followed_ = MeshRegion(face, kMeshMargin);
  if (iris_network_) FitEyes(bgr, &face);
  return face;
}

bool FaceTracker::FitMesh(const cv::Mat& bgr, const CropRegion& region, FaceObservation* face) {
  const bool sane = region.size > 8 && region.size < 16 * static_cast<float>(bgr.cols + bgr.rows);
  if (!sane) return false;
  ExtractCrop(bgr, region, kMeshSide, &crop_);
  ToPlanes(crop_, kUnitRgb, mesh_input_.data());
  mesh_network_->Run(mesh_input_.data(), &outputs_);
  const std::vector<float>& points = outputs_[0].values;
  face->presence = outputs_[1].values[0];
  if (!(face->presence >= options_.min_presence)) return false;
  const float scale = region.Scale(kMeshSide);
  for (int i = 0; i < kMeshPoints; ++i) {
    const cv::Point2f p = region.ToFrame(points[3 * i], points[3 * i + 1], kMeshSide);
    face->mesh[i] = {p.x, p.y, points[3 * i + 2] * scale};
  }
  return true;
}

void FaceTracker::FitEyes(const cv::Mat& bgr, FaceObservation* face) {
  std::array<CropRegion, 2> regions;
  constexpr int kPlanes = 3 * kIrisSide * kIrisSide;
  for (const Side side : kSides) {
    const int i = static_cast<int>(side);
    regions[i] = RegionOfEye(*face, side);
    regions[i].size = std::max(regions[i].size, 1.0F);
    ExtractCrop(bgr, regions[i], kIrisSide, &crop_);
    ToPlanes(crop_, kUnitRgb, &iris_input_[i * kPlanes]);
  }
  iris_network_->Run(iris_input_.data(), &outputs_);
  for (int i = 0; i < 2; ++i) {
    const float* points = &outputs_[0].values[static_cast<size_t>(i) * kEyePoints * 3];
    const float scale = regions[i].Scale(kIrisSide);
    for (int p = 0; p < kEyePoints; ++p) {
      const cv::Point2f q = regions[i].ToFrame(points[3 * p], points[3 * p + 1], kIrisSide);
      const cv::Point3f point(q.x, q.y, points[3 * p + 2] * scale);
      if (p < kEyeContourPoints) {
        face->eyes[i].contour[p] = point;
      } else {
        face->eyes[i].iris[p - kEyeContourPoints] = point;
      }
    }
  }
}

}  // namespace maskbench
