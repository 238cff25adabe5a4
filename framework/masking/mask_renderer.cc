#include "maskbench/masking/mask_renderer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "maskbench/render/tone_curve.h"

namespace maskbench {
namespace {

const Eigen::Vector3f kBackground(0.40f, 0.41f, 0.42f);
// Below the chin the picture fades to the background between these heights, mm over the eyes.
constexpr float kFadeFromMm = -118, kFadeToMm = -140;
// And shoulders, below the third height, between these places beside the neck.
constexpr float kAsideFromMm = 74, kAsideToMm = 96, kShouldersMm = -84;
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

const ToneCurve& Tone() {
  static const ToneCurve curve(kKnee);
  return curve;
}

cv::Scalar BackgroundBgr() {
  return {static_cast<double>(Tone()(kBackground.z())),
          static_cast<double>(Tone()(kBackground.y())),
          static_cast<double>(Tone()(kBackground.x()))};
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
void FadeRow(const Eigen::Vector2d& at_mm, const Eigen::Vector2d& step_mm, int count,
             std::uint8_t* bgr) {
  if (std::min(at_mm.y(), at_mm.y() + step_mm.y() * count) > kShouldersMm) return;
  const ToneCurve& tone = Tone();
  const std::array<std::uint8_t, 3> blank = {tone(kBackground.z()), tone(kBackground.y()),
                                             tone(kBackground.x())};
  const auto across = static_cast<float>(at_mm.x()), across_step = static_cast<float>(step_mm.x());
  const auto up = static_cast<float>(at_mm.y()), up_step = static_cast<float>(step_mm.y());
  constexpr int kChunk = 64;
  for (int from = 0; from < count; from += kChunk) {
    std::array<float, kChunk> seen;
    for (int i = 0; i < kChunk; ++i) {
      const auto x = static_cast<float>(from + i);
      const float up_mm = up + x * up_step;
      const float below = (up_mm - kFadeToMm) * (1 / (kFadeFromMm - kFadeToMm));
      // Sets in over 15 mm of height.
      const float aside =
          (kAsideToMm - std::abs(across + x * across_step)) * (1 / (kAsideToMm - kAsideFromMm)) +
          std::max(0.0f, 1 + (up_mm - kShouldersMm) * (1 / 15.0f));
      seen[static_cast<size_t>(i)] = std::clamp(std::min(below, aside), 0.0f, 1.0f);
    }
    const int end = std::min(kChunk, count - from);
    for (int i = 0; i < end; ++i, bgr += 3) {
      const float share = seen[static_cast<size_t>(i)];
      if (share >= 1 || std::equal(blank.begin(), blank.end(), bgr)) continue;
      for (int c = 0; c < 3; ++c) {
        const float background = kBackground[2 - c];
        bgr[c] = tone(background + share * (tone.Decode(bgr[c]) - background));
      }
    }
  }
}

void DrawNote(MaskStatus status, cv::Mat* bgr) {
  if (status == MaskStatus::kSeen) return;
  const char* text = status == MaskStatus::kHeld   ? "face held"
                     : status == MaskStatus::kLost ? "face not seen"
                                                   : "calibrating";
  const double scale = std::max(0.35, bgr->rows / 900.0);
  cv::putText(*bgr, text, {bgr->cols / 40 + 2, bgr->rows - bgr->rows / 30 - 2},
              cv::FONT_HERSHEY_SIMPLEX, scale, cv::Scalar::all(60), scale > 1 ? 2 : 1, cv::LINE_8);
}

}  // namespace

void DrawBlankMask(cv::Size picture_px, MaskStatus status, cv::Mat* bgr) {
  bgr->create(picture_px, CV_8UC3);
  bgr->setTo(BackgroundBgr());
  DrawNote(status, bgr);
}

MaskRenderer::MaskRenderer(const MaskFace& face, const MaskHeader& header)
    : face_(face), header_(header), painter_(face.actor(), FixedLight(), kBackground, Tone()) {}

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
  DrawNote(frame.status, bgr);
}

void MaskRenderer::DrawFace(const MaskFrame& frame, cv::Mat* bgr) {
  const MaskFace::Posed face = face_.Pose(header_, frame);
  const Actor& actor = face_.actor();
  const Actor::Posed posed = actor.Pose(face.pose);
  std::vector<Mesh> patches;
  for (const Side side : kSides)
    if (face.patched[static_cast<size_t>(side)])
      patches.push_back(face_.Patch(side, face.pose.head));
  cv::Rect area = painter_.Place(face.camera, face.pose, posed, std::move(patches));
  // Height of a pixel over the eyes in the head's frontal plane.
  const Eigen::Vector2d up = frame.px_per_mm * face.pose.head.rotation.col(1).head<2>();
  const Eigen::Vector2d rise =
      up / std::max(0.05 * frame.px_per_mm * frame.px_per_mm, up.squaredNorm());
  const Eigen::Vector2d along = Eigen::Vector2d(-up.y(), up.x()).normalized() / frame.px_per_mm;
  area.height = std::min(area.height, RowsAbove(rise, frame.place_px, area));
  for (size_t s = 0; s < 2; ++s) unreached_[s] += face.unreached[s] ? 1 : 0;
  if (area.empty()) return;
  painter_.Paint(area, bgr);
  for (int y = 0; y < area.height; ++y) {
    std::uint8_t* row =
        bgr->ptr<std::uint8_t>(area.y + y) + static_cast<std::ptrdiff_t>(3) * area.x;
    const Eigen::Vector2d first(area.x - frame.place_px.x, area.y + y - frame.place_px.y);
    FadeRow({along.dot(first), rise.dot(first)}, {along.x(), rise.x()}, area.width, row);
  }
}

}  // namespace maskbench
