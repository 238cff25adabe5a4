#include "lid_plot.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

constexpr int kWidth = 1400, kPanel = 150, kLeft = 150, kRight = 20, kTop = 30, kBottom = 34;
const cv::Scalar kPaper(255, 255, 255), kGrid(225, 225, 225), kInk(60, 60, 60),
    kShade(214, 232, 250), kRightEye(180, 90, 20), kLeftEye(40, 90, 220);

void Text(cv::Mat* image, const std::string& text, cv::Point at, const cv::Scalar& colour) {
  cv::putText(*image, text, at, cv::FONT_HERSHEY_SIMPLEX, 0.42, colour, 1, cv::LINE_AA);
}

}  // namespace

void WriteMeasurePlot(const Observations& observations, double rate_hz,
                      const std::filesystem::path& picture) {
  std::vector<std::string> names;
  const MeasureSeries* blinking = nullptr;
  for (const MeasureSeries& series : observations.series) {
    if (series.name == "blinking") blinking = &series;
    if (series.eye && std::find(names.begin(), names.end(), series.name) == names.end()) {
      names.push_back(series.name);
    }
  }
  const int panels = static_cast<int>(names.size());
  cv::Mat image(kTop + panels * kPanel + kBottom, kWidth, CV_8UC3, kPaper);
  const double frames = static_cast<double>(std::max<int64_t>(2, observations.frames));
  const auto x_of = [&](double frame) {
    return kLeft + static_cast<int>(std::lround(frame / (frames - 1) * (kWidth - kLeft - kRight)));
  };
  if (blinking != nullptr) {
    for (size_t i = 0; i < blinking->values.size(); ++i) {
      if (blinking->values[i] != 1) continue;
      const auto frame = static_cast<double>(i);
      cv::rectangle(image, {x_of(frame - 0.5), kTop}, {x_of(frame + 0.5), kTop + panels * kPanel},
                    kShade, cv::FILLED);
    }
  }
  for (int panel = 0; panel < panels; ++panel) {
    const int top = kTop + panel * kPanel + 8, bottom = kTop + (panel + 1) * kPanel - 8;
    std::vector<double> known;
    std::string unit;
    for (const MeasureSeries& series : observations.series) {
      if (!series.eye || series.name != names[panel]) continue;
      unit = series.unit;
      for (const double value : series.values) {
        if (!std::isnan(value)) known.push_back(value);
      }
    }
    if (known.empty()) continue;
    std::sort(known.begin(), known.end());
    const double low = std::floor(known.front() - 0.01), high = std::ceil(known.back() + 0.01);
    const auto y_of = [&](double value) {
      return bottom - static_cast<int>(std::lround((value - low) / (high - low) * (bottom - top)));
    };
    for (const double level : {low, (low + high) / 2, high}) {
      cv::line(image, {kLeft, y_of(level)}, {kWidth - kRight, y_of(level)}, kGrid);
      Text(&image, fmt::format("{:.1f}", level), {kLeft - 44, y_of(level) + 4}, kInk);
    }
    Text(&image, names[panel], {8, (top + bottom) / 2 - 6}, kInk);
    Text(&image, unit, {8, (top + bottom) / 2 + 12}, kInk);
    for (const MeasureSeries& series : observations.series) {
      if (!series.eye || series.name != names[panel]) continue;
      const cv::Scalar& colour = *series.eye == Side::kRight ? kRightEye : kLeftEye;
      for (size_t i = 1; i < series.values.size(); ++i) {
        if (std::isnan(series.values[i]) || std::isnan(series.values[i - 1])) continue;
        cv::line(image, {x_of(static_cast<double>(i - 1)), y_of(series.values[i - 1])},
                 {x_of(static_cast<double>(i)), y_of(series.values[i])}, colour, 1, cv::LINE_AA);
      }
    }
  }
  Text(&image, "right eye", {kLeft, 18}, kRightEye);
  Text(&image, "left eye", {kLeft + 90, 18}, kLeftEye);
  if (blinking != nullptr) Text(&image, "shaded: blink", {kLeft + 180, 18}, kInk);
  const double seconds = frames / rate_hz;
  const double step = seconds > 120 ? 30 : seconds > 30 ? 10 : seconds > 8 ? 2 : 0.5;
  for (int tick = 0; tick * step <= seconds; ++tick) {
    const double at = tick * step;
    const int x = x_of(at * rate_hz);
    cv::line(image, {x, kTop + panels * kPanel}, {x, kTop + panels * kPanel + 5}, kInk);
    Text(&image, fmt::format("{:g} s", at), {x - 10, kTop + panels * kPanel + 20}, kInk);
  }
  if (!cv::imwrite(picture.string(), image)) {
    throw DataError(fmt::format("{} cannot be written.", picture.string()));
  }
}

}  // namespace maskbench
