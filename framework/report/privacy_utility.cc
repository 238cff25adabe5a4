#include "privacy_utility.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/text.h"

namespace maskbench {
namespace {

constexpr char kStrongest[] = "strongest_auc", kLimits[] = "mrd1_limits_of_agreement",
               kBias[] = "mrd1_bias", kUpperBound[] = "face_to_face";

/// Of true millimetres, over all bins of heights.
bool IsOverall(const Figure& figure) {
  // Rows of some eyes (by age, sex, …) have further parts.
  return figure.condition.empty() && figure.group == "bin=all;scale=true";
}

/// Of each variant and pairing the attack that stands for it.
std::vector<PrivacyUtilityPoint> Attacks(const std::vector<Figure>& figures) {
  std::vector<PrivacyUtilityPoint> attacks;
  for (const Figure& figure : figures) {
    if (!figure.condition.empty() || std::isnan(figure.value)) continue;
    const bool bound = figure.metric == "auc" && figure.attacker == kUpperBound;
    if (!bound && figure.metric != kStrongest) continue;
    auto found =
        std::find_if(attacks.begin(), attacks.end(), [&](const PrivacyUtilityPoint& other) {
          return other.variant == figure.variant && other.group == figure.group;
        });
    if (found == attacks.end()) found = attacks.insert(found, PrivacyUtilityPoint());
    if (!found->variant.empty() && found->auc >= figure.value) continue;
    found->variant = figure.variant;
    found->group = figure.group;
    found->auc = figure.value;
    found->auc_interval = figure.interval;
    found->attacker = figure.attacker;
    found->recogniser = figure.recogniser;
    found->gallery_variant = figure.gallery_variant;
    found->masked = !bound;
  }
  return attacks;
}

void FindFront(std::vector<PrivacyUtilityPoint>* points) {
  for (PrivacyUtilityPoint& point : *points) {
    point.on_front =
        point.masked &&
        std::none_of(points->begin(), points->end(), [&](const PrivacyUtilityPoint& other) {
          return other.masked && other.reader == point.reader && other.group == point.group &&
                 other.auc <= point.auc && other.mrd1_limits_mm <= point.mrd1_limits_mm &&
                 (other.auc < point.auc || other.mrd1_limits_mm < point.mrd1_limits_mm);
        });
  }
}

// Of the picture, px.
constexpr int kWidth = 1500, kHeight = 980, kLeft = 110, kRight = 60, kTop = 70, kBottom = 100;
const cv::Scalar kPaper(255, 255, 255), kInk(50, 50, 50), kSoft(120, 120, 120),
    kGrid(232, 232, 232);
const cv::Scalar kColours[] = {{170, 100, 20}, {0, 100, 220}, {60, 140, 60}, {140, 60, 130}};

void Text(cv::Mat* image, const std::string& text, cv::Point at, double size,
          const cv::Scalar& colour) {
  cv::putText(*image, text, at, cv::FONT_HERSHEY_SIMPLEX, size, colour, 1, cv::LINE_AA);
}

cv::Rect TextBox(const std::string& text, cv::Point at, double size) {
  int below = 0;
  const cv::Size box = cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, size, 1, &below);
  return {at.x - 2, at.y - box.height - 3, box.width + 4, box.height + below + 4};
}

/// 1, 2 or 5 times a power of ten: the least that is not below `value`.
double NiceStep(double value) {
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 5.0}) {
    if (step * power >= value * (1 - 1e-9)) return step * power;
  }
  return 10 * power;
}

struct Axes {
  double most_x = 0, least_y = 0.5;

  explicit Axes(const std::vector<PrivacyUtilityPoint>& points) {
    for (const PrivacyUtilityPoint& point : points) {
      most_x = std::max(most_x, point.mrd1_limits_mm);
      least_y = std::min(least_y, point.auc);
    }
    // Room for labels to the right of the last point.
    most_x = most_x > 0 ? 1.25 * most_x : 1;
    least_y = std::floor(10 * least_y - 0.2) / 10;
  }
  cv::Point At(double x, double y) const {
    return {kLeft + cvRound((kWidth - kLeft - kRight) * std::clamp(x / most_x, 0.0, 1.0)),
            kHeight - kBottom -
                cvRound((kHeight - kTop - kBottom) *
                        std::clamp((y - least_y) / (1 - least_y), 0.0, 1.0))};
  }
  void Draw(cv::Mat* image) const {
    const double step = NiceStep(most_x / 10);
    for (int k = 0; k * step <= most_x * (1 + 1e-9); ++k) {
      cv::line(*image, At(k * step, least_y), At(k * step, 1), kGrid, 1);
      Text(image, fmt::format("{:g}", k * step), At(k * step, least_y) + cv::Point(-10, 26), 0.55,
           kSoft);
    }
    for (int k = static_cast<int>(std::lround(10 * least_y)); k <= 10; ++k) {
      cv::line(*image, At(0, k / 10.0), At(most_x, k / 10.0), k == 5 ? kSoft : kGrid, 1);
      Text(image, fmt::format("{:.1f}", k / 10.0), At(0, k / 10.0) + cv::Point(-46, 6), 0.55,
           kSoft);
    }
    Text(image, "chance", At(most_x, 0.5) + cv::Point(-72, -8), 0.5, kSoft);
    Text(image,
         "MRD1, half width of the 95 % limits of agreement with the truth, mm: smaller is "
         "better for the doctor",
         {kLeft + 120, kHeight - 36}, 0.6, kInk);
    Text(image, "AUC of the strongest attack, chosen on validation subjects: smaller hides better",
         {kLeft - 60, 38}, 0.6, kInk);
  }
};

}  // namespace

std::vector<PrivacyUtilityPoint> PrivacyUtility(const std::vector<Figure>& figures) {
  std::vector<PrivacyUtilityPoint> points;
  const std::vector<PrivacyUtilityPoint> attacks = Attacks(figures);
  // Originals alone make no picture.
  if (std::none_of(attacks.begin(), attacks.end(),
                   [](const PrivacyUtilityPoint& attack) { return attack.masked; })) {
    return points;
  }
  for (const Figure& limits : figures) {
    if (limits.metric != kLimits || !IsOverall(limits) || std::isnan(limits.value)) continue;
    for (PrivacyUtilityPoint point : attacks) {
      if (point.variant != limits.variant) continue;
      point.reader = limits.reader;
      point.mrd1_limits_mm = limits.value;
      point.mrd1_limits_interval = limits.interval;
      for (const Figure& bias : figures) {
        if (bias.metric == kBias && bias.variant == limits.variant &&
            bias.reader == limits.reader && bias.group == limits.group &&
            bias.experiment == limits.experiment && bias.condition.empty()) {
          point.mrd1_bias_mm = bias.value;
        }
      }
      points.push_back(point);
    }
  }
  FindFront(&points);
  return points;
}

std::string PrivacyUtilityCsv(const std::vector<PrivacyUtilityPoint>& points) {
  std::string text =
      CsvLine({"variant", "reader", "group", "mrd1_bias_mm", "mrd1_limits_mm", "mrd1_limits_low",
               "mrd1_limits_high", "attacker", "recogniser", "gallery_variant", "auc", "auc_low",
               "auc_high", "masked", "on_front"});
  for (const PrivacyUtilityPoint& point : points) {
    text += CsvLine({point.variant, point.reader, point.group, NumberText(point.mrd1_bias_mm),
                     NumberText(point.mrd1_limits_mm), NumberText(point.mrd1_limits_interval.low),
                     NumberText(point.mrd1_limits_interval.high), point.attacker, point.recogniser,
                     point.gallery_variant, NumberText(point.auc),
                     NumberText(point.auc_interval.low), NumberText(point.auc_interval.high),
                     point.masked ? "1" : "0", point.on_front ? "1" : "0"});
  }
  return text;
}

cv::Mat DrawPrivacyUtility(const std::vector<PrivacyUtilityPoint>& points) {
  if (points.empty()) return {};
  cv::Mat image(kHeight, kWidth, CV_8UC3, kPaper);
  const Axes axes(points);
  axes.Draw(&image);
  std::vector<std::string> sheets;  // Reader and pairing share a colour and a front.
  const auto sheet_of = [&](const PrivacyUtilityPoint& point) {
    const std::string name = point.reader + (point.group.empty() ? "" : ", " + point.group);
    const auto found = std::find(sheets.begin(), sheets.end(), name);
    if (found != sheets.end()) return static_cast<size_t>(found - sheets.begin());
    sheets.push_back(name);
    return sheets.size() - 1;
  };
  const auto colour = [](size_t sheet) { return kColours[sheet % std::size(kColours)]; };
  std::vector<std::vector<const PrivacyUtilityPoint*>> fronts;
  for (const PrivacyUtilityPoint& point : points) {
    const size_t sheet = sheet_of(point);
    fronts.resize(std::max(fronts.size(), sheet + 1));
    if (point.on_front) fronts[sheet].push_back(&point);
  }
  for (size_t s = 0; s < fronts.size(); ++s) {
    std::sort(fronts[s].begin(), fronts[s].end(),
              [](const PrivacyUtilityPoint* a, const PrivacyUtilityPoint* b) {
                return a->mrd1_limits_mm < b->mrd1_limits_mm;
              });
    // Between two points nothing is known to be reached: the front is a staircase.
    for (size_t k = 0; k + 1 < fronts[s].size(); ++k) {
      const cv::Point from = axes.At(fronts[s][k]->mrd1_limits_mm, fronts[s][k]->auc),
                      to = axes.At(fronts[s][k + 1]->mrd1_limits_mm, fronts[s][k + 1]->auc);
      cv::line(image, from, {to.x, from.y}, colour(s), 2, cv::LINE_AA);
      cv::line(image, {to.x, from.y}, to, colour(s), 2, cv::LINE_AA);
    }
  }
  // What the colours are: below, where nobody's points lie, and as far left as it needs.
  std::vector<cv::Rect> taken;
  for (size_t s = 0; s < sheets.size(); ++s) {
    const std::string text = sheets[s] + "; line: front";
    const int up = 26 * static_cast<int>(sheets.size() - 1 - s);
    const cv::Point at(kWidth - kRight - 16 - TextBox(text, {0, 0}, 0.5).width,
                       kHeight - kBottom - 20 - up);
    cv::circle(image, at - cv::Point(14, 5), 6, colour(s), cv::FILLED, cv::LINE_AA);
    Text(&image, text, at, 0.5, kInk);
    taken.push_back(TextBox(text, at, 0.5));
  }
  for (const PrivacyUtilityPoint& point : points) {
    const cv::Point at = axes.At(point.mrd1_limits_mm, point.auc);
    taken.emplace_back(at - cv::Point(8, 8), cv::Size(17, 17));
  }
  for (const PrivacyUtilityPoint& point : points) {
    const cv::Scalar ink = colour(sheet_of(point));
    const cv::Point at = axes.At(point.mrd1_limits_mm, point.auc);
    const Interval &across = point.mrd1_limits_interval, &up = point.auc_interval;
    if (!std::isnan(across.low))
      cv::line(image, axes.At(across.low, point.auc), axes.At(across.high, point.auc), ink, 1);
    if (!std::isnan(up.low))
      cv::line(image, axes.At(point.mrd1_limits_mm, up.low), axes.At(point.mrd1_limits_mm, up.high),
               ink, 1);
    cv::circle(image, at, 7, ink, point.masked ? cv::FILLED : 2, cv::LINE_AA);
    const std::string label =
        fmt::format("{} ({})", point.variant, point.masked ? point.attacker : "not masked");
    cv::Point where = at + cv::Point(13, -9);
    // Below the labels that are there already.
    for (int tries = 0; tries < 40; ++tries) {
      const cv::Rect box = TextBox(label, where, 0.5);
      if (std::none_of(taken.begin(), taken.end(),
                       [&](const cv::Rect& other) { return (box & other).area() > 0; })) {
        break;
      }
      where.y += 6;
    }
    taken.push_back(TextBox(label, where, 0.5));
    Text(&image, label, where, 0.5, ink);
  }
  return image;
}

}  // namespace maskbench
