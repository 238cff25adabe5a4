#include "lid_plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/error.h"

namespace maskbench {
namespace {

// Sizes in pixels of the finished picture, which is drawn kFine times as large.
constexpr int kFine = 2;
constexpr int kWidth = 1400, kPanel = 160, kGap = 16, kLeft = 210, kRight = 24, kTop = 58,
              kBottom = 52;
constexpr size_t kMostPanels = 8;
constexpr double kBand = 1.96;
// Of an axis, mm or degrees: noise is not blown up to the height of a panel.
constexpr double kLeastRange = 2;

// Blue and vermilion stay apart for all common kinds of colour blindness (Okabe & Ito, Color
// Universal Design, 2008). By Side; BGR.
const std::array<cv::Scalar, 2> kEyeColours = {cv::Scalar(178, 114, 0), cv::Scalar(0, 94, 213)};
const cv::Scalar kPaper(255, 255, 255), kGrid(226, 226, 226), kFrame(150, 150, 150),
    kInk(50, 50, 50), kBlink(176, 236, 250);

constexpr std::array<const char*, 6> kLids = {"mrd1",     "mrd2",          "pfh",
                                              "aperture", "superior_show", "inferior_show"};
constexpr std::array<const char*, 2> kGaze = {"gaze_azimuth", "gaze_elevation"};

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

const MeasureSeries* Find(const Observations& observations, std::optional<Side> eye,
                          const std::string& name) {
  for (const MeasureSeries& series : observations.series) {
    if (series.eye == eye && series.name == name) return &series;
  }
  return nullptr;
}

/// First and last frame of every stretch for which `holds` is true.
template <class Value, class Holds>
std::vector<std::pair<size_t, size_t>> StretchesOf(const std::vector<Value>& values, Holds holds) {
  std::vector<std::pair<size_t, size_t>> stretches;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!holds(values[i])) continue;
    if (i > 0 && holds(values[i - 1])) {
      stretches.back().second = i;
    } else {
      stretches.emplace_back(i, i);
    }
  }
  return stretches;
}

/// 1, 2 or 5 times a power of ten, so that about `count` of them make `range`.
double NiceStep(double range, int count) {
  const double raw = range / count, power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw * 0.999) return factor * power;
  }
  return 10 * power;
}

/// Draws in pixels of the finished picture.
class Canvas {
 public:
  explicit Canvas(int height) : image_(height * kFine, kWidth * kFine, CV_8UC3, kPaper) {}

  void Text(const std::string& text, double x, double y, const cv::Scalar& colour, double align = 0,
            double size = 0.5) {
    int base = 0;
    const cv::Size extent =
        cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, size * kFine, kFine, &base);
    cv::putText(image_, text, {At(x) - cvRound(align * extent.width), At(y)},
                cv::FONT_HERSHEY_SIMPLEX, size * kFine, colour, kFine, cv::LINE_AA);
  }
  void Line(cv::Point2d a, cv::Point2d b, const cv::Scalar& colour, double width = 1) {
    cv::line(image_, {At(a.x), At(a.y)}, {At(b.x), At(b.y)}, colour,
             std::max(1, cvRound(width * kFine)), cv::LINE_AA);
  }
  void Dot(cv::Point2d at, double radius, const cv::Scalar& colour) {
    cv::circle(image_, {At(at.x), At(at.y)}, At(radius), colour, cv::FILLED, cv::LINE_AA);
  }
  void Box(const cv::Rect2d& box, const cv::Scalar& colour, bool filled) {
    cv::rectangle(image_, {At(box.x), At(box.y)}, {At(box.x + box.width), At(box.y + box.height)},
                  colour, filled ? cv::FILLED : 1);
  }
  /// Slanted lines; `rising` from bottom left to top right.
  void Hatch(const cv::Rect2d& box, const cv::Scalar& colour, bool rising) {
    const cv::Rect area =
        cv::Rect(At(box.x), At(box.y), std::max(1, At(box.width)), std::max(1, At(box.height))) &
        cv::Rect({}, image_.size());
    if (area.empty()) return;
    cv::Mat inside = image_(area);
    cv::Mat tint(inside.size(), CV_8UC3, colour);
    cv::addWeighted(inside, 0.86, tint, 0.14, 0, inside);
    // The lines go on from panel to panel and from stretch to stretch.
    constexpr int kSpacing = 9 * kFine;
    for (int offset = -image_.rows; offset < image_.cols + image_.rows; offset += kSpacing) {
      const int y0 = area.y, y1 = area.y + area.height;
      const int x0 = (rising ? offset - y0 : offset + y0) - area.x,
                x1 = (rising ? offset - y1 : offset + y1) - area.x;
      if (std::max(x0, x1) < 0 || std::min(x0, x1) > area.width) continue;
      cv::line(inside, {x0, 0}, {x1, area.height}, colour, 1, cv::LINE_AA);
    }
  }
  void Band(const std::vector<cv::Point2d>& outline, const cv::Scalar& colour) {
    std::vector<cv::Point> points;
    for (const cv::Point2d& point : outline) points.emplace_back(At(point.x), At(point.y));
    const cv::Rect area = cv::boundingRect(points) & cv::Rect({}, image_.size());
    if (area.empty()) return;
    for (cv::Point& point : points) point -= area.tl();
    cv::Mat inside = image_(area), filled = inside.clone();
    cv::fillPoly(filled, std::vector<std::vector<cv::Point>>{points}, colour, cv::LINE_AA);
    cv::addWeighted(inside, 0.75, filled, 0.25, 0, inside);
  }
  cv::Mat Finish() const {
    cv::Mat small;
    cv::resize(image_, small, {kWidth, image_.rows / kFine}, 0, 0, cv::INTER_AREA);
    return small;
  }

 private:
  static int At(double value) { return cvRound(value * kFine); }

  cv::Mat image_;
};

class Plot {
 public:
  Plot(const Observations& observations, double rate_hz)
      : observations_(observations),
        rate_hz_(rate_hz),
        names_(PlottedMeasures(observations)),
        bottom_(kTop + std::max<int>(1, static_cast<int>(names_.size())) * (kPanel + kGap) - kGap),
        frames_(static_cast<double>(std::max<int64_t>(1, observations.frames))),
        canvas_(bottom_ + kBottom) {}

  cv::Mat Draw() {
    Legend();
    Seconds();
    for (size_t i = 0; i < names_.size(); ++i)
      Panel(names_[i], kTop + static_cast<int>(i) * (kPanel + kGap));
    if (names_.empty()) canvas_.Text("no measure of an eye", kLeft, kTop + kPanel / 2, kInk);
    return canvas_.Finish();
  }

 private:
  /// Frames are as wide as they last; a value stands in the middle of its frame.
  double X(double frame) const {
    return kLeft + (frame + 0.5) / frames_ * (kWidth - kLeft - kRight);
  }

  cv::Rect2d Stretch(const std::pair<size_t, size_t>& stretch, int top) const {
    const double from = X(static_cast<double>(stretch.first) - 0.5),
                 to = X(static_cast<double>(stretch.second) + 0.5);
    return {from, static_cast<double>(top), std::max(1.5, to - from), kPanel};
  }

  bool Has(const std::string& name) const {
    return std::any_of(observations_.series.begin(), observations_.series.end(),
                       [&](const MeasureSeries& series) { return series.name == name; });
  }

  void Legend() {
    double x = kLeft;
    const auto entry = [&](const std::string& text, double width) {
      canvas_.Text(text, x + 34, 26, kInk);
      x += 34 + width;
    };
    for (const Side side : kSides) {
      canvas_.Line({x, 21}, {x + 26, 21}, kEyeColours[static_cast<size_t>(side)], 2.5);
      entry(side == Side::kRight ? "right eye" : "left eye", 100);
    }
    if (HasErrors()) {
      canvas_.Box({x, 14, 26, 14}, cv::Scalar(214, 214, 214), true);
      entry("95 % band", 105);
    }
    if (Has("blinking")) {
      canvas_.Box({x, 14, 26, 14}, kBlink, true);
      entry("blink", 70);
    }
    if (Has("in_sight")) {
      for (const Side side : kSides) {
        canvas_.Hatch({x, 14, 26, 14}, kEyeColours[static_cast<size_t>(side)],
                      side == Side::kRight);
        entry(side == Side::kRight ? "right eye covered" : "left eye covered", 170);
      }
    }
  }

  bool HasErrors() const {
    return std::any_of(names_.begin(), names_.end(),
                       [&](const std::string& name) { return Has(name + "_error"); });
  }

  void Seconds() {
    const double seconds = frames_ / rate_hz_, step = NiceStep(seconds, 12);
    for (int tick = 0; tick * step <= seconds * 1.0001; ++tick) {
      const double x = kLeft + tick * step / seconds * (kWidth - kLeft - kRight);
      canvas_.Line({x, static_cast<double>(bottom_)}, {x, bottom_ + 5.0}, kFrame);
      canvas_.Text(fmt::format("{:g}", tick * step), x, bottom_ + 20, kInk, 0.5);
    }
    canvas_.Text("time, s", (kLeft + kWidth - kRight) / 2.0, bottom_ + 42, kInk, 0.5);
  }

  void Shade(int top) {
    for (const MeasureSeries& series : observations_.series) {
      if (series.name != "blinking") continue;
      for (const auto& stretch : StretchesOf(series.values, [](double v) { return v > 0.5; }))
        canvas_.Box(Stretch(stretch, top), kBlink, true);
    }
    for (const Side side : kSides) {
      const MeasureSeries* in_sight = Find(observations_, side, "in_sight");
      if (in_sight == nullptr) continue;
      for (const auto& stretch : StretchesOf(in_sight->values, [](double v) { return v < 0.5; }))
        canvas_.Hatch(Stretch(stretch, top), kEyeColours[static_cast<size_t>(side)],
                      side == Side::kRight);
    }
  }

  /// What the axis must hold: all values, and the bands around most of them.
  std::pair<double, double> RangeOf(const std::string& name) const {
    std::vector<double> known, bounds;
    for (const Side side : kSides) {
      const MeasureSeries* series = Find(observations_, side, name);
      if (series == nullptr) continue;
      for (const double value : series->values) {
        if (std::isfinite(value)) known.push_back(value);
      }
      for (const auto& [low, high] : Bounds(*series)) {
        if (!std::isfinite(low)) continue;
        bounds.push_back(low);
        bounds.push_back(high);
      }
    }
    if (known.empty()) return {std::nan(""), std::nan("")};
    const auto [least, most] = std::minmax_element(known.begin(), known.end());
    if (bounds.empty()) return {*least, *most};
    std::sort(bounds.begin(), bounds.end());
    const size_t spare = bounds.size() / 50;
    return {std::min(*least, bounds[spare]), std::max(*most, bounds[bounds.size() - 1 - spare])};
  }

  /// Of the band in every frame; NaN where there is none. Empty without errors.
  std::vector<std::pair<double, double>> Bounds(const MeasureSeries& series) const {
    std::vector<std::pair<double, double>> bounds;
    const MeasureSeries* errors = Find(observations_, series.eye, series.name + "_error");
    if (errors == nullptr) return bounds;
    for (size_t i = 0; i < series.values.size(); ++i) {
      const double reach = kBand * (i < errors->values.size() ? errors->values[i] : std::nan(""));
      bounds.emplace_back(series.values[i] - reach, series.values[i] + reach);
    }
    return bounds;
  }

  void Panel(const std::string& name, int top) {
    Shade(top);
    std::string title = name;
    std::replace(title.begin(), title.end(), '_', ' ');
    canvas_.Text(title, 14, top + kPanel / 2.0 - 4, kInk, 0, 0.55);
    for (const Side side : kSides) {
      const MeasureSeries* series = Find(observations_, side, name);
      if (series == nullptr) continue;
      canvas_.Text(series->unit, 14, top + kPanel / 2.0 + 18, kFrame, 0, 0.5);
      break;
    }
    const cv::Rect2d frame(kLeft, top, kWidth - kLeft - kRight, kPanel);
    const auto [least, most] = RangeOf(name);
    if (std::isnan(least)) {
      canvas_.Text("not measured", kLeft + 12, top + kPanel / 2.0, kFrame);
      canvas_.Box(frame, kFrame, false);
      return;
    }
    const double step = NiceStep(std::max(most - least, kLeastRange), 3);
    const double low = step * std::floor(least / step),
                 high = std::max(step * std::ceil(most / step), low + 2 * step);
    const auto y_of = [&, lowest = low](double value) {
      const double share = std::clamp((value - lowest) / (high - lowest), 0.0, 1.0);
      return top + kPanel - 5 - share * (kPanel - 10);
    };
    for (int tick = 0; low + tick * step <= high + step / 2; ++tick) {
      const double level = low + tick * step;
      const bool zero = std::abs(level) < step / 2;
      canvas_.Line({kLeft, y_of(level)}, {kWidth - kRight, y_of(level)}, zero ? kFrame : kGrid);
      canvas_.Text(fmt::format("{:g}", zero ? 0.0 : level), kLeft - 8, y_of(level) + 5, kInk, 1);
    }
    for (const Side side : kSides) EyeBand(name, side, y_of);
    for (const Side side : kSides) EyeLine(name, side, y_of);
    canvas_.Box(frame, kFrame, false);
  }

  template <class YOf>
  void EyeBand(const std::string& name, Side side, const YOf& y_of) {
    const MeasureSeries* series = Find(observations_, side, name);
    if (series == nullptr) return;
    const std::vector<std::pair<double, double>> bounds = Bounds(*series);
    const auto known = [](const std::pair<double, double>& bound) {
      return std::isfinite(bound.first);
    };
    for (const auto& [first, last] : StretchesOf(bounds, known)) {
      std::vector<cv::Point2d> outline;
      // A frame by itself is as wide as its dot.
      const double side_px = first == last ? 3 : 0;
      for (size_t i = first; i <= last; ++i)
        outline.emplace_back(X(static_cast<double>(i)) - side_px, y_of(bounds[i].second));
      if (first == last) {
        outline.emplace_back(X(static_cast<double>(first)) + side_px, y_of(bounds[first].second));
        outline.emplace_back(X(static_cast<double>(first)) + side_px, y_of(bounds[first].first));
      }
      for (size_t i = last + 1; i > first; --i)
        outline.emplace_back(X(static_cast<double>(i - 1)) - side_px, y_of(bounds[i - 1].first));
      canvas_.Band(outline, kEyeColours[static_cast<size_t>(side)]);
    }
  }

  template <class YOf>
  void EyeLine(const std::string& name, Side side, const YOf& y_of) {
    const MeasureSeries* series = Find(observations_, side, name);
    if (series == nullptr) return;
    const std::vector<double>& values = series->values;
    const cv::Scalar& colour = kEyeColours[static_cast<size_t>(side)];
    for (const auto& [first, last] :
         StretchesOf(values, [](double value) { return std::isfinite(value); })) {
      if (first == last)
        canvas_.Dot({X(static_cast<double>(first)), y_of(values[first])}, 2.5, colour);
      for (size_t i = first + 1; i <= last; ++i) {
        canvas_.Line({X(static_cast<double>(i - 1)), y_of(values[i - 1])},
                     {X(static_cast<double>(i)), y_of(values[i])}, colour, 1.5);
      }
    }
  }

  const Observations& observations_;
  double rate_hz_;
  std::vector<std::string> names_;
  int bottom_;
  double frames_;
  Canvas canvas_;
};

}  // namespace

std::vector<std::string> PlottedMeasures(const Observations& observations) {
  std::vector<std::string> all, in_units;
  for (const MeasureSeries& series : observations.series) {
    if (!series.eye || series.name == "in_sight" || series.name == "blinking" ||
        EndsWith(series.name, "_error") ||
        std::find(all.begin(), all.end(), series.name) != all.end()) {
      continue;
    }
    all.push_back(series.name);
    if (series.unit == "mm" || series.unit == "deg") in_units.push_back(series.name);
  }
  if (in_units.empty()) return all;
  std::vector<std::string> names;
  const auto take = [&](const std::string& name) {
    const auto found = std::find(in_units.begin(), in_units.end(), name);
    if (found == in_units.end()) return;
    names.push_back(name);
    in_units.erase(found);
  };
  for (const char* name : kLids) take(name);
  for (const char* name : kGaze) take(name);
  for (const std::string& name : in_units) {
    if (names.size() < kMostPanels) names.push_back(name);
  }
  return names;
}

cv::Mat DrawMeasures(const Observations& observations, double rate_hz) {
  return Plot(observations, rate_hz).Draw();
}

void WriteMeasurePlot(const Observations& observations, double rate_hz,
                      const std::filesystem::path& picture) {
  if (!cv::imwrite(picture.string(), DrawMeasures(observations, rate_hz))) {
    throw DataError(fmt::format("{} cannot be written.", picture.string()));
  }
}

}  // namespace maskbench
