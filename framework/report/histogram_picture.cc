#include "histogram_picture.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

namespace maskbench {
namespace {

// Lengths are in points, of which a picture's pixel is 1 / kPixelsPerPoint: two, for sharp screens.
constexpr double kPixelsPerPoint = 2;
constexpr double kPlotWidth = 300, kPlotHeight = 96, kStrip = 20, kTicks = 18, kAxisName = 18,
                 kNamesGap = 22, kYLabels = 30, kRowGap = 10, kColumnGap = 18, kEdge = 12,
                 kColumnName = 22, kLegendLine = 20;
constexpr double kSmall = 0.34, kNormal = 0.38, kLarge = 0.44;  // Of the font's own size.

const cv::Scalar kPaper(255, 255, 255), kInk(50, 50, 50), kSoft(110, 110, 110),
    kGrid(232, 232, 232), kFrame(170, 170, 170), kDashes(40, 40, 40), kDots(140, 60, 130);
// Blue and orange, which colour-blind readers can tell apart; darker for lines.
const cv::Scalar kFills[] = {{190, 125, 50}, {50, 140, 240}, {90, 160, 90}};
const cv::Scalar kLines[] = {{120, 60, 0}, {0, 70, 170}, {30, 90, 30}};

int Px(double points) { return static_cast<int>(std::lround(points * kPixelsPerPoint)); }

cv::Point At(double x, double y) { return {Px(x), Px(y)}; }

double TextWidth(const std::string& text, double size) {
  int below = 0;
  return cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, size * kPixelsPerPoint, 1, &below).width /
         kPixelsPerPoint;
}

enum class Align { kLeft, kCentre, kRight };

void Text(cv::Mat* image, const std::string& text, double x, double baseline, double size,
          const cv::Scalar& colour, Align align = Align::kLeft, int thickness = 1) {
  const double width = TextWidth(text, size);
  const double left = align == Align::kLeft     ? x
                      : align == Align::kCentre ? x - width / 2
                                                : x - width;
  cv::putText(*image, text, At(left, baseline), cv::FONT_HERSHEY_SIMPLEX, size * kPixelsPerPoint,
              colour, thickness, cv::LINE_AA);
}

/// Reads upwards; centred at (x, y).
void TextUpwards(cv::Mat* image, const std::string& text, double x, double y, double size,
                 const cv::Scalar& colour) {
  const double width = TextWidth(text, size) + 4, height = 14;
  cv::Mat flat(Px(height), Px(width), CV_8UC3, kPaper), upright;
  Text(&flat, text, width / 2, height - 4, size, colour, Align::kCentre);
  cv::rotate(flat, upright, cv::ROTATE_90_COUNTERCLOCKWISE);
  upright.copyTo((*image)(cv::Rect(At(x - height / 2, y - width / 2), upright.size())));
}

int64_t CountOf(const ReportHistogram::Series& series) {
  int64_t count = series.bins.above;
  for (const int64_t in_bin : series.bins.counts) count += in_bin;
  return count;
}

/// Share of all compared pairs per unit of the axis, one value per bin.
std::vector<double> Density(const ReportHistogram& panel, const ReportHistogram::Series& series) {
  const auto all = static_cast<double>(CountOf(series));
  std::vector<double> density(series.bins.counts.size(), 0);
  if (all == 0) return density;
  for (size_t i = 0; i < density.size(); ++i) {
    density[i] =
        static_cast<double>(series.bins.counts[i]) / all / (panel.edges[i + 1] - panel.edges[i]);
  }
  return density;
}

/// 1, 2 or 5 times a power of ten: the least that is not below `value`.
double NiceStep(double value) {
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 5.0}) {
    if (step * power >= value * (1 - 1e-9)) return step * power;
  }
  return 10 * power;
}

/// A vertical line: long dashes for the first kind of mark, short ones for the second, and so on.
void MarkLine(cv::Mat* image, double x, double top, double bottom, size_t kind) {
  const double dash = kind == 0 ? 5 : 1.5, gap = kind == 0 ? 3 : 2.5;
  for (double y = top; y < bottom; y += dash + gap) {
    cv::line(*image, At(x, y), At(x, std::min(y + dash, bottom)), kind == 0 ? kDashes : kDots,
             Px(0.75), cv::LINE_8);
  }
}

template <class T>
size_t IndexOf(const std::vector<T>& list, const T& value) {
  return static_cast<size_t>(std::find(list.begin(), list.end(), value) - list.begin());
}

template <class T>
void AddOnce(const T& value, std::vector<T>* list) {
  if (IndexOf(*list, value) == list->size()) list->push_back(value);
}

/// What all panels of a picture have in common.
struct Layout {
  std::vector<std::string> variants, recognisers, series, marks;
  /// Marks that stand at one place in all panels; the others' places are written above each panel.
  std::vector<std::string> fixed_marks;
  bool has_lines = false;
  double names_width = 0;

  explicit Layout(const std::vector<ReportHistogram>& panels) {
    for (const ReportHistogram& panel : panels) {
      AddOnce(panel.variant, &variants);
      AddOnce(panel.recogniser, &recognisers);
      for (const ReportHistogram::Series& one : panel.series) AddOnce(one.name, &series);
      for (const ReportHistogram::Mark& mark : panel.marks) AddOnce(mark.name, &marks);
      has_lines = has_lines || Reference(panels, panel) != nullptr;
      names_width = std::max(names_width, TextWidth(panel.variant, kLarge));
    }
    for (const std::string& name : marks) {
      std::set<double> places;
      for (const ReportHistogram& panel : panels) {
        for (const ReportHistogram::Mark& mark : panel.marks) {
          if (mark.name == name) places.insert(mark.at);
        }
      }
      if (places.size() == 1) fixed_marks.push_back(name);
    }
  }

  /// The unmasked panel behind a masked one; nullptr when there is none.
  static const ReportHistogram* Reference(const std::vector<ReportHistogram>& panels,
                                          const ReportHistogram& panel) {
    if (panel.variant == panel.gallery_variant) return nullptr;
    for (const ReportHistogram& other : panels) {
      if (other.recogniser == panel.recogniser && other.variant == panel.gallery_variant &&
          other.edges == panel.edges) {
        return &other;
      }
    }
    return nullptr;
  }

  bool IsFixed(const std::string& mark) const {
    return IndexOf(fixed_marks, mark) < fixed_marks.size();
  }
  double ColumnWidth() const { return kYLabels + kPlotWidth + kColumnGap; }
  /// Of a column's plots.
  double Left(size_t column) const {
    return kEdge + names_width + kNamesGap + kYLabels + static_cast<double>(column) * ColumnWidth();
  }
  double RowHeight() const { return kStrip + kPlotHeight + kTicks + kRowGap; }
  double Width() const { return Left(recognisers.size()) - kYLabels - kColumnGap + 2 * kEdge; }
};

/// The explanations above the panels, on as many lines as they need.
class Legend {
 public:
  Legend(const std::vector<ReportHistogram>& panels, const Layout& layout) {
    for (size_t i = 0; i < layout.series.size(); ++i) {
      Add(Kind::kFill, i, layout.series[i]);
    }
    if (layout.has_lines) Add(Kind::kLine, 0, "the same under " + panels[0].gallery_variant);
    for (size_t i = 0; i < layout.marks.size(); ++i) {
      std::string text = layout.marks[i];
      if (layout.IsFixed(text)) {
        for (const ReportHistogram& panel : panels) {
          const auto mark = std::find_if(panel.marks.begin(), panel.marks.end(),
                                         [&](const auto& one) { return one.name == text; });
          if (mark == panel.marks.end()) continue;
          text += fmt::format(": {:g}", mark->at);
          break;
        }
      }
      Add(Kind::kMark, i, text);
    }
    double x = kEdge;
    for (Entry& entry : entries_) {
      const double width = kSample + TextWidth(entry.text, kNormal) + kSpace;
      if (x > kEdge && x + width > layout.Width() - kEdge + kSpace) {
        x = kEdge;
        ++lines_;
      }
      entry.x = x;
      entry.line = lines_;
      x += width;
    }
  }

  double Height() const { return (lines_ + 1) * kLegendLine; }

  void Draw(cv::Mat* image) const {
    for (const Entry& entry : entries_) {
      const double top = kEdge / 2 + entry.line * kLegendLine + 3, bottom = top + 11;
      if (entry.kind == Kind::kFill) {
        const cv::Scalar& fill = kFills[entry.index % std::size(kFills)];
        cv::rectangle(*image, At(entry.x, top), At(entry.x + 18, bottom), 0.5 * (fill + kPaper),
                      cv::FILLED);
        cv::rectangle(*image, At(entry.x, top), At(entry.x + 18, bottom), fill, Px(0.75));
      } else if (entry.kind == Kind::kLine) {
        for (const int i : {0, 1}) {
          const double y = top + 3 + 5 * i;
          cv::line(*image, At(entry.x, y), At(entry.x + 18, y), kLines[i], Px(0.75), cv::LINE_8);
        }
      } else {
        MarkLine(image, entry.x + 13, top - 1, bottom + 2, entry.index);
      }
      Text(image, entry.text, entry.x + kSample, bottom - 1.5, kNormal, kInk);
    }
  }

 private:
  enum class Kind { kFill, kLine, kMark };
  struct Entry {
    Kind kind;
    size_t index;
    std::string text;
    double x = 0;
    int line = 0;
  };
  static constexpr double kSample = 24, kSpace = 20;

  void Add(Kind kind, size_t index, const std::string& text) {
    entries_.push_back({kind, index, text, 0, 0});
  }

  std::vector<Entry> entries_;
  int lines_ = 0;
};

/// The plot of one panel: its axes' scales and place.
class Plot {
 public:
  Plot(cv::Mat* image, double left, double top, const ReportHistogram& panel, double highest)
      : image_(image), left_(left), top_(top), panel_(panel), highest_(highest) {}

  double X(double value) const {
    const double low = panel_.edges.front(), high = panel_.edges.back();
    return left_ + (value - low) / (high - low) * kPlotWidth;
  }
  double Y(double density) const { return top_ + kPlotHeight * (1 - density / highest_); }

  void Axes() const {
    const double span = panel_.edges.back() - panel_.edges.front();
    const double step = NiceStep(span / 8);
    const auto first = static_cast<int>(std::ceil(panel_.edges.front() / step - 1e-9));
    const auto last = static_cast<int>(std::floor(panel_.edges.back() / step + 1e-9));
    for (int tick = first; tick <= last; ++tick) {
      const double x = X(tick * step);
      cv::line(*image_, At(x, top_), At(x, top_ + kPlotHeight), kGrid, 1);
      cv::line(*image_, At(x, top_ + kPlotHeight), At(x, top_ + kPlotHeight + 3), kFrame, 1);
      Text(image_, fmt::format("{:g}", tick * step), x, top_ + kPlotHeight + 13, kSmall, kSoft,
           Align::kCentre);
    }
    const double y_step = NiceStep(highest_ / 5);
    for (int tick = 0; tick * y_step <= highest_ * (1 + 1e-9); ++tick) {
      const double y = Y(tick * y_step);
      cv::line(*image_, At(left_, y), At(left_ + kPlotWidth, y), kGrid, 1);
      Text(image_, fmt::format("{:g}", tick * y_step), left_ - 4, y + 3.5, kSmall, kSoft,
           Align::kRight);
    }
  }

  void Fill(const std::vector<double>& density, const cv::Scalar& colour) const {
    std::vector<cv::Point> outline = Steps(density);
    outline.push_back(At(X(panel_.edges.back()), top_ + kPlotHeight));
    outline.push_back(At(X(panel_.edges.front()), top_ + kPlotHeight));
    const cv::Rect area(At(left_, top_), At(left_ + kPlotWidth + 1, top_ + kPlotHeight + 1));
    cv::Mat below = (*image_)(area), filled = below.clone();
    for (cv::Point& point : outline) point -= area.tl();
    cv::fillPoly(filled, std::vector<std::vector<cv::Point>>{outline}, colour, cv::LINE_8);
    cv::addWeighted(filled, 0.5, below, 0.5, 0, below);
  }

  /// Along the tops of the bins, from one stretch of filled bins to the next.
  void Line(const std::vector<double>& density, const cv::Scalar& colour) const {
    const std::vector<cv::Point> steps = Steps(density);
    for (size_t i = 0; i < density.size(); ++i) {
      if (density[i] == 0) continue;
      std::vector<cv::Point> part = {steps[2 * i], steps[2 * i + 1]};
      const int floor = Px(top_ + kPlotHeight);
      if (i == 0 || density[i - 1] == 0) part.insert(part.begin(), cv::Point(part[0].x, floor));
      const bool ends = i + 1 == density.size() || density[i + 1] == 0;
      part.emplace_back(part.back().x, ends ? floor : steps[2 * i + 2].y);
      cv::polylines(*image_, std::vector<std::vector<cv::Point>>{part}, false, colour, Px(0.75),
                    cv::LINE_8);
    }
  }

  void Mark(double at, size_t kind) const {
    if (at < panel_.edges.front() || at > panel_.edges.back()) return;
    MarkLine(image_, X(at), top_, top_ + kPlotHeight, kind);
  }

  void Frame() const {
    cv::rectangle(*image_, At(left_, top_), At(left_ + kPlotWidth, top_ + kPlotHeight), kFrame, 1);
  }

  void Message(const std::string& text) const {
    Text(image_, text, left_ + kPlotWidth / 2, top_ + kPlotHeight / 2 + 4, kNormal, kSoft,
         Align::kCentre);
  }

 private:
  /// Along the tops of the bins.
  std::vector<cv::Point> Steps(const std::vector<double>& density) const {
    std::vector<cv::Point> points;
    for (size_t i = 0; i < density.size(); ++i) {
      points.push_back(At(X(panel_.edges[i]), Y(density[i])));
      points.push_back(At(X(panel_.edges[i + 1]), Y(density[i])));
    }
    return points;
  }

  cv::Mat* image_;
  double left_, top_;
  const ReportHistogram& panel_;
  double highest_;
};

/// "8 genuine, 88 impostor, 12 failed, 3 beyond".
std::string CountsText(const ReportHistogram& panel) {
  std::string text;
  int64_t failed = 0, above = 0;
  for (const ReportHistogram::Series& series : panel.series) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", CountOf(series), series.name);
    failed += series.failed;
    above += series.bins.above;
  }
  if (failed > 0) text += fmt::format(", {} failed", failed);
  if (above > 0) text += fmt::format(", {} beyond", above);
  return text;
}

void DrawPanel(cv::Mat* image, size_t column, double top, const ReportHistogram& panel,
               const ReportHistogram* reference, const Layout& layout) {
  const double left = layout.Left(column);
  int64_t compared = 0, failed = 0;
  double highest = 0;
  for (const ReportHistogram* drawn : {&panel, reference}) {
    if (drawn == nullptr) continue;
    for (const ReportHistogram::Series& series : drawn->series) {
      for (const double density : Density(*drawn, series)) highest = std::max(highest, density);
    }
  }
  for (const ReportHistogram::Series& series : panel.series) {
    compared += CountOf(series);
    failed += series.failed;
  }
  const Plot plot(image, left, top + kStrip, panel, highest > 0 ? 1.06 * highest : 1);
  if (compared == 0) {
    plot.Frame();
    plot.Message(failed > 0 ? fmt::format("all {} comparisons failed", failed)
                            : std::string("no comparison"));
    return;
  }
  plot.Axes();
  if (column == 0) {
    TextUpwards(image, "density", left - kYLabels - 4, top + kStrip + kPlotHeight / 2, kSmall,
                kSoft);
  }
  for (const ReportHistogram::Series& series : panel.series) {
    const size_t index = IndexOf(layout.series, series.name);
    const std::vector<double> density = Density(panel, series);
    plot.Fill(density, kFills[index % std::size(kFills)]);
    plot.Line(density, kFills[index % std::size(kFills)]);
  }
  if (reference != nullptr) {
    for (const ReportHistogram::Series& series : reference->series) {
      const size_t index = IndexOf(layout.series, series.name);
      plot.Line(Density(*reference, series), kLines[index % std::size(kLines)]);
    }
  }
  plot.Frame();
  std::string places;
  for (const ReportHistogram::Mark& mark : panel.marks) {
    plot.Mark(mark.at, IndexOf(layout.marks, mark.name));
    if (layout.IsFixed(mark.name)) continue;
    places += fmt::format("{}{} {:.2f}", places.empty() ? "" : ", ", mark.name, mark.at);
  }
  const std::string counts = CountsText(panel);
  // Long texts are written smaller rather than over each other.
  const double width = TextWidth(counts, kNormal) + 12 + TextWidth(places, kNormal);
  const double size = kNormal * std::min(1.0, kPlotWidth / width);
  Text(image, counts, left, top + kStrip - 5, size, kInk);
  Text(image, places, left + kPlotWidth, top + kStrip - 5, size, kInk, Align::kRight);
}

}  // namespace

cv::Mat DrawHistograms(const std::vector<ReportHistogram>& panels) {
  int64_t comparisons = 0;
  for (const ReportHistogram& panel : panels) {
    for (const ReportHistogram::Series& series : panel.series) {
      comparisons += CountOf(series) + series.failed;
    }
  }
  if (comparisons == 0) return {};
  const Layout layout(panels);
  const Legend legend(panels, layout);
  const double first_row = kEdge / 2 + legend.Height() + kColumnName;
  const double height = first_row +
                        static_cast<double>(layout.variants.size()) * layout.RowHeight() +
                        kAxisName - kRowGap + kEdge / 2;
  cv::Mat image(Px(height), Px(layout.Width()), CV_8UC3, kPaper);
  legend.Draw(&image);
  for (size_t row = 0; row < layout.variants.size(); ++row) {
    const double top = first_row + static_cast<double>(row) * layout.RowHeight();
    Text(&image, layout.variants[row], kEdge, top + kStrip + kPlotHeight / 2 + 4, kLarge, kInk);
  }
  for (size_t column = 0; column < layout.recognisers.size(); ++column) {
    const double left = layout.Left(column);
    std::string axis;
    for (const ReportHistogram& panel : panels) {
      if (panel.recogniser != layout.recognisers[column]) continue;
      axis = fmt::format("{} ({})", panel.metric, panel.unit);
      const size_t row = IndexOf(layout.variants, panel.variant);
      DrawPanel(&image, column, first_row + static_cast<double>(row) * layout.RowHeight(), panel,
                Layout::Reference(panels, panel), layout);
    }
    Text(&image, layout.recognisers[column], left, first_row - 6, kLarge, kInk, Align::kLeft, 2);
    Text(&image, axis, left + kPlotWidth / 2, height - kEdge / 2 - 4, kNormal, kInk,
         Align::kCentre);
  }
  return image;
}

}  // namespace maskbench
