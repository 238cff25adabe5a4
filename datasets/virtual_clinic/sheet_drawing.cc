#include "datasets/virtual_clinic/sheet_drawing.h"

#include <cmath>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"

namespace maskbench::virtual_clinic {
namespace {

constexpr size_t kMostBytes = 250'000;
constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
const cv::Scalar kInk(40, 40, 40), kGrid(225, 225, 225);

}  // namespace

void DrawCaption(const std::string& text, cv::Point at, double size, cv::Mat* picture) {
  cv::putText(*picture, text, at, kFont, size, {30, 30, 30}, 2, cv::LINE_AA);
  cv::putText(*picture, text, at, kFont, size, {245, 245, 245}, 1, cv::LINE_AA);
}

cv::Mat TextBand(const std::vector<std::string>& lines, int width) {
  cv::Mat band(7 + 15 * static_cast<int>(lines.size()), width, CV_8UC3, cv::Scalar(255, 255, 255));
  int y = 14;
  for (const std::string& line : lines) {
    cv::putText(band, line, {6, y}, kFont, 0.4, kInk, 1, cv::LINE_AA);
    y += 15;
  }
  return band;
}

void WriteSheet(const cv::Mat& sheet, const std::filesystem::path& file) {
  std::vector<uchar> bytes;
  for (int quality = 85; quality >= 40; quality -= 5) {
    if (!cv::imencode(".jpg", sheet, bytes, {cv::IMWRITE_JPEG_QUALITY, quality}))
      throw DataError("Cannot encode " + file.string() + ".");
    if (bytes.size() < kMostBytes) {
      WriteFileAtomically(file, std::string(bytes.begin(), bytes.end()));
      return;
    }
  }
  throw DataError("Cannot fit " + file.string() + " into 250 kB.");
}

Diagram::Diagram(int width, int height, const Axis& x, const Axis& y)
    : picture_(height, width, CV_8UC3, cv::Scalar(255, 255, 255)),
      x_(x),
      y_(y),
      area_(52, 22, width - 66, height - 60) {
  const auto ticks = [](const Axis& axis, const auto& draw) {
    const int count = static_cast<int>(std::floor((axis.high - axis.low) / axis.step + 1e-6));
    for (int k = 0; k <= count; ++k) draw(axis.low + k * axis.step);
  };
  ticks(x_, [&](double value) {
    const int at = At({value, y_.low}).x;
    cv::line(picture_, {at, area_.y}, {at, area_.y + area_.height}, kGrid);
    cv::putText(picture_, fmt::format("{:.4g}", value), {at - 8, area_.y + area_.height + 15},
                kFont, 0.38, kInk, 1, cv::LINE_AA);
  });
  ticks(y_, [&](double value) {
    const int at = At({x_.low, value}).y;
    cv::line(picture_, {area_.x, at}, {area_.x + area_.width, at}, kGrid);
    cv::putText(picture_, fmt::format("{:.4g}", value), {area_.x - 34, at + 4}, kFont, 0.38, kInk,
                1, cv::LINE_AA);
  });
  cv::rectangle(picture_, area_, {120, 120, 120});
  cv::putText(picture_, x_.title, {area_.x + 4, height - 8}, kFont, 0.4, kInk, 1, cv::LINE_AA);
  cv::putText(picture_, y_.title, {6, 14}, kFont, 0.4, kInk, 1, cv::LINE_AA);
}

cv::Point Diagram::At(const cv::Point2d& point) const {
  return {static_cast<int>(
              std::lround(area_.x + (point.x - x_.low) / (x_.high - x_.low) * area_.width)),
          static_cast<int>(std::lround(area_.y + area_.height -
                                       (point.y - y_.low) / (y_.high - y_.low) * area_.height))};
}

void Diagram::Line(const std::vector<cv::Point2d>& points, const cv::Scalar& bgr) {
  for (size_t k = 1; k < points.size(); ++k)
    cv::line(picture_, At(points[k - 1]), At(points[k]), bgr, 2, cv::LINE_AA);
}

void Diagram::Dot(const cv::Point2d& point, const cv::Scalar& bgr) {
  cv::circle(picture_, At(point), 4, bgr, cv::FILLED, cv::LINE_AA);
}

void Diagram::Label(const std::string& text, const cv::Point2d& point, const cv::Scalar& bgr) {
  cv::putText(picture_, text, At(point), kFont, 0.42, bgr, 1, cv::LINE_AA);
}

}  // namespace maskbench::virtual_clinic
