#include "maskbench/masking/mask_renderer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include <opencv2/imgproc.hpp>

namespace maskbench {
namespace {

const Eigen::Vector3f kBackground(0.40f, 0.41f, 0.42f);
// Round the head for lashes and the edge's pixels, mm.
constexpr double kMarginMm = 8;
// Below the chin the picture fades to the background between these heights, mm over the eyes.
constexpr double kFadeFromMm = -118, kFadeToMm = -140;
// And shoulders, below the third height, between these places beside the neck.
constexpr double kAsideFromMm = 74, kAsideToMm = 96, kShouldersMm = -84;
// Highlights roll off above this signal.
constexpr float kKnee = 0.8f;

Lighting FixedLight() {
  Lighting lighting;
  // One light, so that a cornea has one reflex. What comes from above gives the face its form.
  DirectionalLight key;
  key.direction = {0, 0, -1};
  key.radiance = {0.88f, 0.88f, 0.88f};
  key.wrap = 0.15f;
  lighting.lights = {key};
  lighting.ambient_up = {0.52f, 0.52f, 0.52f};
  lighting.ambient_down = {0.16f, 0.16f, 0.16f};
  return lighting;
}

/// Linear light to bytes: IEC 61966-2-1 after a soft end of the range; tabulated over the leading
/// bits of a float, 512 steps an octave.
class ToneCurve {
 public:
  ToneCurve() {
    for (std::uint32_t i = 0; i < kEntries; ++i) {
      const std::uint32_t bits = ((i + kFirst) << kShift) | (1u << (kShift - 1));
      float x;
      std::memcpy(&x, &bits, sizeof x);
      if (x > kKnee) x = kKnee + (1 - kKnee) * (1 - std::exp((kKnee - x) / (1 - kKnee)));
      const float encoded = x <= 0.0031308f ? 12.92f * x : 1.055f * std::pow(x, 1 / 2.4f) - 0.055f;
      bytes_[i] = static_cast<std::uint8_t>(std::lround(255 * std::min(encoded, 1.0f)));
    }
  }
  std::uint8_t operator()(float linear) const {
    const float clamped = std::clamp(linear, kLowest, kHighest);
    std::uint32_t bits;
    std::memcpy(&bits, &clamped, sizeof bits);
    return bytes_[(bits >> kShift) - kFirst];
  }

 private:
  static constexpr std::uint32_t kShift = 23 - 9;
  static constexpr float kLowest = 1.0f / 16384;  // Encodes to less than half a byte's step.
  static constexpr float kHighest = 7.99f;
  static constexpr std::uint32_t kFirst = (127u - 14u) << 9;
  static constexpr std::uint32_t kEntries = (14u + 3u) << 9;
  std::array<std::uint8_t, kEntries> bytes_{};
};

const ToneCurve& Tone() {
  static const ToneCurve curve;
  return curve;
}

cv::Scalar BackgroundBgr() {
  return {static_cast<double>(Tone()(kBackground.z())),
          static_cast<double>(Tone()(kBackground.y())),
          static_cast<double>(Tone()(kBackground.x()))};
}

/// What of the picture the head may cover.
cv::Rect Bounds(const Camera& camera, const Pose& head, const Eigen::Matrix3Xd& positions) {
  const Eigen::Matrix3Xd placed = (head.rotation * positions).colwise() + head.translation_mm;
  double left = 1e9, top = 1e9, right = -1e9, bottom = -1e9, nearest = 1e9;
  for (Eigen::Index v = 0; v < placed.cols(); ++v) {
    const Eigen::Vector3d point = placed.col(v);
    if (point.z() < 10) continue;  // The renderer leaves these out.
    const Eigen::Vector2d pixel = camera.Project(point);
    left = std::min(left, pixel.x());
    right = std::max(right, pixel.x());
    top = std::min(top, pixel.y());
    bottom = std::max(bottom, pixel.y());
    nearest = std::min(nearest, point.z());
  }
  if (right < left) return {};
  const double margin = 2 + kMarginMm * camera.focal_px / nearest;
  const cv::Rect2d rect(left - margin, top - margin, right - left + 2 * margin,
                        bottom - top + 2 * margin);
  const cv::Rect2d picture(0, 0, camera.width_px, camera.height_px);
  const cv::Rect2d common = rect & picture;
  if (common.empty()) return {};
  const cv::Point tl(static_cast<int>(std::floor(common.x)),
                     static_cast<int>(std::floor(common.y)));
  const cv::Point br(static_cast<int>(std::ceil(common.br().x)),
                     static_cast<int>(std::ceil(common.br().y)));
  return cv::Rect(tl, br) & cv::Rect(0, 0, camera.width_px, camera.height_px);
}

/// Rows of an area down to the last that shows something before it has faded.
int RowsAbove(const Eigen::Vector2d& rise, cv::Point2d eyes_px, const cv::Rect& area) {
  if (rise.y() >= 0) return area.height;
  const double highest =
      std::max(rise.x() * (area.x - eyes_px.x), rise.x() * (area.x + area.width - eyes_px.x));
  const double last = eyes_px.y + (kFadeToMm - highest) / rise.y();
  return std::clamp(static_cast<int>(std::ceil(last)) + 1 - area.y, 0, area.height);
}

/// Lets what lies below and beside the neck fade. @param at_mm  the first pixel, across and over
/// the eyes; `step_mm` from one to the next.
void FadeRow(const Eigen::Vector2d& at_mm, const Eigen::Vector2d& step_mm, int count, float* rgb) {
  if (std::min(at_mm.y(), at_mm.y() + step_mm.y() * count) > kShouldersMm) return;
  for (int x = 0; x < count; ++x, rgb += 3) {
    const Eigen::Vector2d mm = at_mm + x * step_mm;
    const double below = (mm.y() - kFadeToMm) / (kFadeFromMm - kFadeToMm);
    // Sets in over 15 mm of height.
    const double aside = (kAsideToMm - std::abs(mm.x())) / (kAsideToMm - kAsideFromMm) +
                         std::max(0.0, 1 + (mm.y() - kShouldersMm) / 15);
    const auto seen = static_cast<float>(std::clamp(std::min(below, aside), 0.0, 1.0));
    for (int c = 0; c < 3; ++c) rgb[c] = kBackground[c] + seen * (rgb[c] - kBackground[c]);
  }
}

void DrawNote(const char* text, cv::Mat* bgr) {
  const double scale = std::max(0.35, bgr->rows / 900.0);
  cv::putText(*bgr, text, {bgr->cols / 40 + 2, bgr->rows - bgr->rows / 30 - 2},
              cv::FONT_HERSHEY_SIMPLEX, scale, cv::Scalar::all(60), scale > 1 ? 2 : 1, cv::LINE_8);
}

}  // namespace

MaskRenderer::MaskRenderer(const MaskFace& face, const MaskHeader& header)
    : face_(face), header_(header), lighting_(FixedLight()) {}

void MaskRenderer::Draw(const MaskFrame& frame, cv::Mat* bgr) {
  bgr->create(header_.picture_px, CV_8UC3);
  bgr->setTo(BackgroundBgr());
  if (frame.opacity > 0) {
    DrawFace(frame, bgr);
    if (frame.opacity < 1) {
      const cv::Mat blank(bgr->size(), CV_8UC3, BackgroundBgr());
      cv::addWeighted(*bgr, frame.opacity, blank, 1 - frame.opacity, 0, *bgr);
    }
  }
  if (frame.status == MaskStatus::kHeld) DrawNote("face held", bgr);
  if (frame.status == MaskStatus::kLost) DrawNote("face not seen", bgr);
}

void MaskRenderer::DrawFace(const MaskFrame& frame, cv::Mat* bgr) {
  const MaskFace::Posed face = face_.Pose(header_, frame);
  const Actor& actor = face_.actor();
  const Actor::Posed posed = actor.Pose(face.pose);
  cv::Rect area = Bounds(face.camera, face.pose.head, posed.positions);
  // Height of a pixel over the eyes in the head's frontal plane.
  const Eigen::Vector2d up = frame.px_per_mm * face.pose.head.rotation.col(1).head<2>();
  const Eigen::Vector2d rise =
      up / std::max(0.05 * frame.px_per_mm * frame.px_per_mm, up.squaredNorm());
  const Eigen::Vector2d along = Eigen::Vector2d(-up.y(), up.x()).normalized() / frame.px_per_mm;
  area.height = std::min(area.height, RowsAbove(rise, frame.place_px, area));
  for (size_t s = 0; s < 2; ++s) unreached_[s] += face.unreached[s] ? 1 : 0;
  if (area.empty()) return;
  Scene scene;
  scene.camera = face.camera;
  scene.camera.width_px = area.width;
  scene.camera.height_px = area.height;
  scene.camera.principal_px -= Eigen::Vector2d(area.x, area.y);
  scene.lighting = lighting_;
  scene.background.top = scene.background.bottom = kBackground;
  actor.AddTo(face.pose, posed, &scene);
  for (const Side side : kSides)
    if (face.patched[static_cast<size_t>(side)])
      scene.meshes.push_back(face_.Patch(side, face.pose.head));
  RenderOptions options;
  options.shadows = false;  // Light from the camera casts none that it sees.
  renderer_.Render(scene, options, &rendered_);
  const ToneCurve& tone = Tone();
  for (int y = 0; y < area.height; ++y) {
    float* from = rendered_.linear.ptr<float>(y);
    std::uint8_t* to = bgr->ptr<std::uint8_t>(area.y + y) + static_cast<std::ptrdiff_t>(3) * area.x;
    const Eigen::Vector2d first(area.x - frame.place_px.x, area.y + y - frame.place_px.y);
    FadeRow({along.dot(first), rise.dot(first)}, {along.x(), rise.x()}, area.width, from);
    for (int x = 0; x < area.width; ++x, from += 3, to += 3) {
      to[0] = tone(from[2]);
      to[1] = tone(from[1]);
      to[2] = tone(from[0]);
    }
  }
}

}  // namespace maskbench
