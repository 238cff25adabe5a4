#include "sweep_picture.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

namespace maskbench {
namespace {

// Of one panel, px.
constexpr int kWidth = 820, kHeight = 520, kLeft = 92, kRight = 28, kTop = 62, kBottom = 74;
constexpr int kLegendLine = 20;
const cv::Scalar kPaper(255, 255, 255), kInk(50, 50, 50), kSoft(120, 120, 120),
    kGrid(232, 232, 232);
const cv::Scalar kColours[] = {{170, 100, 20}, {0, 100, 220},  {60, 140, 60}, {140, 60, 130},
                               {20, 20, 170},  {150, 150, 20}, {90, 90, 90},  {30, 150, 200}};

cv::Scalar Colour(size_t line) { return kColours[line % std::size(kColours)]; }

// The font knows ASCII alone.
std::string Ascii(const std::string& text) {
  std::string plain;
  for (const char c : text)
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80)
      plain += static_cast<unsigned char>(c) < 128 ? c : '?';
  return plain;
}

int TextWidth(const std::string& text, double size) {
  int below = 0;
  return cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, size, 1, &below).width;
}

/// Cut to a width, with two dots at the end of what was cut.
std::string Fitted(const std::string& text, double size, int width) {
  std::string fitted = Ascii(text);
  if (TextWidth(fitted, size) <= width) return fitted;
  while (fitted.size() > 1 && TextWidth(fitted + "..", size) > width) fitted.pop_back();
  return fitted + "..";
}

void Text(cv::Mat* image, const std::string& text, cv::Point at, double size,
          const cv::Scalar& colour) {
  cv::putText(*image, text, at, cv::FONT_HERSHEY_SIMPLEX, size, colour, 1, cv::LINE_AA);
}

double NiceStep(double value) {
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 5.0})
    if (step * power >= value * (1 - 1e-9)) return step * power;
  return 10 * power;
}

std::string ValueText(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_number() ? fmt::format("{:g}", value.get<double>()) : value.dump();
}

class PanelPicture {
 public:
  explicit PanelPicture(const SweepPanel& panel) : panel_(panel) {
    legend_ = static_cast<int>(panel.lines.size() + panel.references.size());
    if (panel_.numeric && panel_.at.size() > 1) {
      const double first = panel_.at.front().get<double>(), last = panel_.at.back().get<double>();
      logarithmic_ = first > 0 && last / first >= 20;
    }
    FindRange();
  }

  int Height() const { return kHeight + kLegendLine * legend_; }

  void Draw(cv::Mat image) const {
    Text(&image, Fitted(panel_.title, 0.55, kWidth - 40), {20, 26}, 0.55, kInk);
    if (!panel_.unit.empty()) Text(&image, Ascii(panel_.unit), {20, 48}, 0.45, kSoft);
    for (double y = std::ceil(low_ / step_ - 1e-9) * step_; y <= high_ + 1e-9 * step_; y += step_) {
      cv::line(image, {kLeft, Y(y)}, {kWidth - kRight, Y(y)}, kGrid, 1);
      const std::string text = fmt::format("{:g}", std::abs(y) < 1e-9 * step_ ? 0 : y);
      Text(&image, text, {kLeft - 10 - TextWidth(text, 0.45), Y(y) + 5}, 0.45, kSoft);
    }
    cv::line(image, {kLeft, kHeight - kBottom}, {kWidth - kRight, kHeight - kBottom}, kSoft, 1);
    const int room = std::max(
        40,
        2 * (kWidth - kLeft - kRight) / std::max<int>(1, static_cast<int>(panel_.at.size())) - 12);
    for (size_t i = 0; i < panel_.at.size(); ++i) {
      const int x = X(panel_.at[i]);
      cv::line(image, {x, kHeight - kBottom}, {x, kHeight - kBottom + 5}, kSoft, 1);
      const std::string text = Fitted(ValueText(panel_.at[i]), 0.45, room);
      // Every other label stands lower, so that long ones have room.
      const int row = !panel_.numeric && i % 2 == 1 ? 18 : 0;
      const int start =
          std::clamp(x - TextWidth(text, 0.45) / 2, 4, kWidth - 4 - TextWidth(text, 0.45));
      Text(&image, text, {start, kHeight - kBottom + 22 + row}, 0.45, kSoft);
    }
    const std::string axis = Ascii(panel_.axis) + (logarithmic_ ? " (logarithmic)" : "");
    if (!panel_.axis.empty())
      Text(&image, axis, {(kLeft + kWidth - kRight - TextWidth(axis, 0.5)) / 2, kHeight - 14}, 0.5,
           kInk);
    for (size_t k = 0; k < panel_.references.size(); ++k) DrawReference(k, &image);
    for (size_t k = 0; k < panel_.lines.size(); ++k) DrawLine(k, &image);
  }

 private:
  void FindRange() {
    const auto take = [&](const Figure& figure) {
      for (const double value : {figure.value, figure.interval.low, figure.interval.high}) {
        if (!std::isfinite(value)) continue;
        low_ = std::min(low_, value);
        high_ = std::max(high_, value);
      }
    };
    for (const auto* lines : {&panel_.lines, &panel_.references})
      for (const SweepPanel::Line& line : *lines)
        for (const SweepPanel::Dot& dot : line.dots) take(dot.figure);
    if (low_ > high_) low_ = high_ = 0;
    if (high_ - low_ < 1e-12) {
      const double around = std::max(0.5 * std::abs(low_), 0.5);
      low_ -= around;
      high_ += around;
    }
    // From 0 where that costs little room, so that sizes can be compared by eye.
    if (low_ > 0 && low_ < 0.4 * high_) low_ = 0;
    step_ = NiceStep((high_ - low_) / 6);
    low_ = std::floor(low_ / step_ + 1e-9) * step_;
    high_ = std::ceil(high_ / step_ - 1e-9) * step_;
  }

  int X(const Json& at) const {
    const int span = kWidth - kLeft - kRight - 60, left = kLeft + 30;
    if (panel_.at.size() < 2) return left + span / 2;
    double share = 0;
    if (panel_.numeric) {
      const auto scale = [&](const Json& value) {
        return logarithmic_ ? std::log(value.get<double>()) : value.get<double>();
      };
      share = (scale(at) - scale(panel_.at.front())) /
              (scale(panel_.at.back()) - scale(panel_.at.front()));
    } else {
      const auto found = std::find(panel_.at.begin(), panel_.at.end(), at);
      share = static_cast<double>(found - panel_.at.begin()) /
              static_cast<double>(panel_.at.size() - 1);
    }
    return left + cvRound(share * span);
  }
  int Y(double value) const {
    return kHeight - kBottom -
           cvRound((kHeight - kTop - kBottom) * (value - low_) / (high_ - low_));
  }

  void LegendEntry(int row, const std::string& name, const cv::Scalar& colour, bool dashed,
                   cv::Mat* image) const {
    const int y = kHeight + kLegendLine * row + 2;
    cv::line(*image, {kLeft, y}, {kLeft + 12, y}, colour, 2, cv::LINE_AA);
    if (!dashed) cv::line(*image, {kLeft + 12, y}, {kLeft + 28, y}, colour, 2, cv::LINE_AA);
    if (dashed) cv::line(*image, {kLeft + 18, y}, {kLeft + 28, y}, colour, 2, cv::LINE_AA);
    Text(image, Fitted(name, 0.45, kWidth - kLeft - 60), {kLeft + 38, y + 5}, 0.45, kInk);
  }

  void DrawReference(size_t k, cv::Mat* image) const {
    const SweepPanel::Line& line = panel_.references[k];
    const size_t colour = panel_.lines.size() + k;
    const double value = line.dots.front().figure.value;
    if (std::isfinite(value)) {
      for (int x = kLeft; x < kWidth - kRight; x += 14)
        cv::line(*image, {x, Y(value)}, {std::min(x + 8, kWidth - kRight), Y(value)},
                 Colour(colour), 1, cv::LINE_AA);
    }
    LegendEntry(static_cast<int>(colour), line.name + " (not swept)", Colour(colour), true, image);
  }

  void DrawLine(size_t k, cv::Mat* image) const {
    const SweepPanel::Line& line = panel_.lines[k];
    // A little apart, so that intervals of lines do not hide each other.
    const int aside = 5 * static_cast<int>(k) - 5 * static_cast<int>(panel_.lines.size() - 1) / 2;
    const SweepPanel::Dot* before = nullptr;
    for (const SweepPanel::Dot& dot : line.dots) {
      if (!std::isfinite(dot.figure.value)) continue;
      const cv::Point at(X(dot.at) + aside, Y(dot.figure.value));
      // Named points have no order, so no line leads through them.
      if (before != nullptr && panel_.numeric)
        cv::line(*image, {X(before->at) + aside, Y(before->figure.value)}, at, Colour(k), 1,
                 cv::LINE_AA);
      before = &dot;
      const Interval& interval = dot.figure.interval;
      if (std::isfinite(interval.low) && std::isfinite(interval.high)) {
        cv::line(*image, {at.x, Y(interval.low)}, {at.x, Y(interval.high)}, Colour(k), 1,
                 cv::LINE_AA);
        for (const double end : {interval.low, interval.high})
          cv::line(*image, {at.x - 4, Y(end)}, {at.x + 4, Y(end)}, Colour(k), 1, cv::LINE_AA);
      }
      cv::circle(*image, at, 5, Colour(k), cv::FILLED, cv::LINE_AA);
    }
    LegendEntry(static_cast<int>(k), line.name, Colour(k), false, image);
  }

  const SweepPanel& panel_;
  int legend_ = 0;
  bool logarithmic_ = false;
  double low_ = std::numeric_limits<double>::infinity(), high_ = -low_, step_ = 1;
};

}  // namespace

cv::Mat DrawSweep(const std::vector<SweepPanel>& panels) {
  constexpr size_t kMost = 24;
  const size_t count = std::min(panels.size(), kMost);
  if (count == 0) return {};
  std::vector<PanelPicture> pictures;
  for (size_t i = 0; i < count; ++i) pictures.emplace_back(panels[i]);
  const int columns = count > 1 ? 2 : 1;
  std::vector<int> tops = {0};
  for (size_t i = 0; i < count; i += static_cast<size_t>(columns)) {
    int height = pictures[i].Height();
    if (columns == 2 && i + 1 < count) height = std::max(height, pictures[i + 1].Height());
    tops.push_back(tops.back() + height + 10);
  }
  cv::Mat image(tops.back(), columns * kWidth, CV_8UC3, kPaper);
  for (size_t i = 0; i < count; ++i) {
    const size_t row = i / static_cast<size_t>(columns);
    pictures[i].Draw(image(cv::Rect(static_cast<int>(i % static_cast<size_t>(columns)) * kWidth,
                                    tops[row], kWidth, tops[row + 1] - tops[row])));
  }
  return image;
}

}  // namespace maskbench
