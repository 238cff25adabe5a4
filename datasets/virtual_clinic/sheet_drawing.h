#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace maskbench::virtual_clinic {

/// White text with a dark edge, its baseline starting at `at`. `size` is OpenCV's font scale.
void DrawCaption(const std::string& text, cv::Point at, double size, cv::Mat* picture);

/// Lines of dark text on a white band, 15 pixels each.
cv::Mat TextBand(const std::vector<std::string>& lines, int width);

/// Writes a JPEG file of less than 250 kB, as good as that allows up to quality 85. Throws
/// DataError.
void WriteSheet(const cv::Mat& sheet, const std::filesystem::path& file);

/// A diagram with axes on white.
class Diagram {
 public:
  struct Axis {
    std::string title;
    double low = 0, high = 1, step = 1;  ///< Ticks from `low` every `step`.
  };
  /// The x axis may run downwards: low > high with a negative step.
  Diagram(int width, int height, const Axis& x, const Axis& y);
  void Line(const std::vector<cv::Point2d>& points, const cv::Scalar& bgr);
  void Dot(const cv::Point2d& point, const cv::Scalar& bgr);
  void Label(const std::string& text, const cv::Point2d& point, const cv::Scalar& bgr);
  const cv::Mat& picture() const { return picture_; }

 private:
  cv::Point At(const cv::Point2d& point) const;

  cv::Mat picture_;
  Axis x_, y_;
  cv::Rect area_;
};

}  // namespace maskbench::virtual_clinic
