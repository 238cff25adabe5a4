#include "maskbench/report/sign_sheets.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/text.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/pipeline/condition.h"

#include "case_files.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

// Pixels of the sheets.
constexpr int kWide = 400, kNarrow = 300, kGap = 6, kSeam = 2, kLine = 16;
// A blink's frames and their neighbours, s, are not shown where a step has others.
constexpr double kOffBlinkS = 0.1;
constexpr int kBeatFrames = 6;
constexpr int kPlainFrames = 6;
// People in a row of the overview.
constexpr int kAhead = 3;
// Deviations below this are every healthy person's.
constexpr double kLeastDioptres = 3.5;
constexpr size_t kMostBytes = 400'000;

const cv::Scalar kPaper(255, 255, 255), kInk(40, 40, 40), kSoft(110, 110, 110),
    kEmpty(225, 225, 225);

constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
constexpr double kFontScale = 0.42;

void Write(const std::string& text, cv::Point at, const cv::Scalar& colour, cv::Mat* picture) {
  cv::putText(*picture, text, at, kFont, kFontScale, colour, 1, cv::LINE_AA);
}

/// A frame that is shown, and what stands under it.
struct View {
  std::int64_t frame = 0;
  std::string caption;
};

/// Columns of the truth of frames, as docs/virtual_clinic.md has them.
class Truth {
 public:
  explicit Truth(Json json) : json_(std::move(json)) {
    for (const Json& step : json_.at("step")) steps_.push_back(step.get<std::string>());
  }
  std::int64_t frames() const { return static_cast<std::int64_t>(steps_.size()); }
  double rate_hz() const { return json_.at("rate_hz").get<double>(); }
  const std::string& step(std::int64_t frame) const { return steps_[static_cast<size_t>(frame)]; }
  double Of(Side side, const char* name, std::int64_t frame) const {
    const Json& value = json_.at(ToString(side)).at(name).at(static_cast<size_t>(frame));
    return value.is_null() ? std::nan("") : value.get<double>();
  }
  bool Blinks(std::int64_t frame) const {
    const auto reach = static_cast<std::int64_t>(std::lround(kOffBlinkS * rate_hz()));
    const std::int64_t last = std::min(frames() - 1, frame + reach);
    for (std::int64_t i = std::max<std::int64_t>(0, frame - reach); i <= last; ++i)
      for (const Side side : kSides)
        if (Of(side, "closure", i) > 0) return true;
    return false;
  }
  /// The first stretch of a step, or nothing.
  struct Stretch {
    std::int64_t first = 0, count = 0;
  };
  std::optional<Stretch> First(const std::string& step_name) const {
    for (const Json& segment : json_.at("segments")) {
      if (segment.at("step") == step_name)
        return Stretch{segment.at("first_frame").get<std::int64_t>(),
                       segment.at("frame_count").get<std::int64_t>()};
    }
    return std::nullopt;
  }
  /// The frame nearest to a share of a stretch in which nobody blinks.
  std::int64_t Open(const Stretch& stretch, double share) const {
    const auto wanted =
        stretch.first + static_cast<std::int64_t>(share * static_cast<double>(stretch.count - 1));
    for (std::int64_t away = 0; away < stretch.count; ++away) {
      for (const std::int64_t frame : {wanted - away, wanted + away}) {
        if (frame < stretch.first || frame >= stretch.first + stretch.count) continue;
        if (!Blinks(frame)) return frame;
      }
    }
    return wanted;
  }

 private:
  Json json_;
  std::vector<std::string> steps_;
};

std::string Pair(double right, double left, int digits) {
  const auto number = [digits](double value) {
    return std::isnan(value) ? std::string("-") : fmt::format("{:.{}f}", value, digits);
  };
  return fmt::format("R {} L {}", number(right), number(left));
}

View ViewOf(const Truth& truth, std::int64_t frame, const std::string& name) {
  return {frame, fmt::format("{}: MRD1 {} mm", name,
                             Pair(truth.Of(Side::kRight, "mrd1_mm", frame),
                                  truth.Of(Side::kLeft, "mrd1_mm", frame), 1))};
}

/// Frames over one beat, from where the eyes are farthest to one side.
std::vector<View> Beat(const Truth& truth, double hertz) {
  std::vector<View> views;
  const auto stretch = truth.First("primary");
  if (!stretch || !(hertz > 0)) return views;
  const double period = truth.rate_hz() / hertz;
  const auto both = [&](const char* name, std::int64_t frame) {
    return truth.Of(Side::kRight, name, frame);
  };
  // The axis that beats more.
  double reach[2] = {0, 0};
  const char* const names[2] = {"nystagmus_azimuth_deg", "nystagmus_elevation_deg"};
  for (int axis = 0; axis < 2; ++axis)
    for (std::int64_t i = 0; i < stretch->count; ++i)
      reach[axis] = std::max(reach[axis], std::abs(both(names[axis], stretch->first + i)));
  const char* const name = names[reach[1] > reach[0] ? 1 : 0];
  const auto whole = static_cast<std::int64_t>(std::ceil(period));
  std::int64_t start = stretch->first;
  double farthest = -1e9;
  for (std::int64_t i = stretch->first; i + whole < stretch->first + stretch->count; ++i) {
    bool blinks = false;
    for (std::int64_t k = 0; k <= whole; ++k) blinks = blinks || truth.Blinks(i + k);
    if (blinks || both(name, i) <= farthest) continue;
    farthest = both(name, i);
    start = i;
  }
  for (int k = 0; k < kBeatFrames; ++k) {
    const auto frame = start + std::lround(period * k / (kBeatFrames - 1));
    if (frame >= truth.frames()) break;
    views.push_back({frame, fmt::format("{:.0f} ms: {:+.1f} deg",
                                        static_cast<double>(frame - start) / truth.rate_hz() * 1000,
                                        both(name, frame))});
  }
  return views;
}

double Stated(const LabelledRecording& recording, Side side, const char* name) {
  const Json& truth = (side == Side::kRight ? recording.right : recording.left).truth;
  const auto found = truth.find(name);
  return found != truth.end() && found->is_number() ? found->get<double>() : std::nan("");
}

std::string Title(const LabelledRecording& recording, const std::string& condition) {
  if (condition.empty()) return recording.id;
  const auto label = [&](const EyeTruth& eye) {
    const auto found = eye.labels.find(condition);
    return found != eye.labels.end() && found->is_string() ? found->get<std::string>()
                                                           : std::string("none");
  };
  const std::string right = label(recording.right), left = label(recording.left);
  std::string title = condition;
  if (right != "none" || left != "none") {
    title += right == left ? ": " + right : fmt::format(": right {}, left {}", right, left);
  }
  std::replace(title.begin(), title.end(), '_', ' ');
  return title;
}

/// What the manifest says of the patient's lids, and of everything else.
std::pair<std::string, std::string> Signs(const LabelledRecording& recording) {
  std::vector<std::string> lids, signs;
  const auto both = [&](const char* name, const std::string& text, int digits, double least) {
    const double right = Stated(recording, Side::kRight, name),
                 left = Stated(recording, Side::kLeft, name);
    if (std::isnan(right) && std::isnan(left)) return;
    if (std::max(std::abs(right), std::abs(left)) < least) return;
    (least > 0 ? signs : lids).push_back(text + " " + Pair(right, left, digits) + " mm");
  };
  both("mrd1_mm", "MRD1", 1, 0);
  both("mrd2_mm", "MRD2", 1, 0);
  both("protrusion_mm", "protrusion", 1, 1);
  const auto once = [&](const char* name, const char* format, double least) {
    const double value = Stated(recording, Side::kRight, name);
    if (!(std::abs(value) >= least)) return;
    signs.push_back(fmt::format(fmt::runtime(format), value));
  };
  const double across = Stated(recording, Side::kRight, "deviation_horizontal_dioptres"),
               up = Stated(recording, Side::kRight, "deviation_vertical_dioptres");
  if (std::abs(across) >= kLeastDioptres)
    signs.push_back(
        fmt::format("{:.0f} prism dpt {}", std::abs(across), across > 0 ? "eso" : "exo"));
  if (std::abs(up) >= kLeastDioptres)
    signs.push_back(
        fmt::format("{} eye {:.0f} prism dpt higher", up > 0 ? "right" : "left", std::abs(up)));
  once("nystagmus_frequency_hz", "{:.1f} Hz", 0.1);
  once("nystagmus_amplitude_deg", "{:.1f} deg peak to peak", 0.1);
  return {Join(lids, ", "), Join(signs, ", ")};
}

/// Files of one recording under a variant.
class Case {
 public:
  Case(const RunData& data, const std::string& recording, const std::string& variant,
       const fs::path& out)
      : files_(FindCaseFiles(data, recording, variant, out)) {
    for (const auto& [file, what] : {std::pair(files_.source, "source"),
                                     {files_.track, "face track"},
                                     {files_.masked, "masked video"}}) {
      if (file.empty()) {
        throw DataError(
            fmt::format("the run has no {} of {} under {}; sheets need a run with "
                        "\"keep\": \"all\".",
                        what, recording, variant));
      }
    }
  }

  /// Original above mask, the same region at the same size, `width` wide. The frames in order.
  std::vector<cv::Mat> Cells(const std::vector<View>& views, int width, bool show_original) const {
    std::vector<int64_t> numbers;
    for (const View& view : views) numbers.push_back(view.frame);
    const std::vector<cv::Mat> masked = ReadFramesAt(files_.masked, numbers);
    std::vector<cv::Mat> original;
    if (show_original) original = ReadFramesAt(files_.source, numbers);
    std::vector<cv::Mat> cells;
    for (size_t k = 0; k < views.size(); ++k) {
      const cv::Rect2d region = EyesRegion(files_.track, numbers[k]);
      const int height = static_cast<int>(std::lround(width * kEyesHeight / kEyesWidth));
      cv::Mat cell(show_original ? 2 * height + kSeam : height, width, CV_8UC3, kPaper);
      if (show_original) CutRegion(original[k], region, kEmpty, cell.rowRange(0, height));
      CutRegion(masked[k], region, kEmpty, cell.rowRange(cell.rows - height, cell.rows));
      cells.push_back(cell);
    }
    return cells;
  }
  std::int64_t frames() const { return FaceTrackReader(files_.track).frame_count(); }

 private:
  CaseFiles files_;
};

/// The text in lines that fit, broken between words.
std::vector<std::string> Lines(const std::string& text, int width_px) {
  std::vector<std::string> lines;
  for (const std::string& word : Split(text, ' ')) {
    const std::string longer = lines.empty() ? word : lines.back() + " " + word;
    int below = 0;
    const bool fits = cv::getTextSize(longer, kFont, kFontScale, 1, &below).width <= width_px;
    if (lines.empty() || !fits) {
      lines.push_back(word);
    } else {
      lines.back() = longer;
    }
  }
  return lines;
}

/// A block of a sheet: texts above, cells, captions below.
cv::Mat Block(const std::vector<std::string>& paragraphs, const std::vector<View>& views,
              const std::vector<cv::Mat>& cells) {
  const int columns = static_cast<int>(cells.size()), width = cells.front().cols,
            height = cells.front().rows;
  std::vector<std::string> texts;
  size_t title_lines = 0;
  for (const std::string& paragraph : paragraphs) {
    const std::vector<std::string> lines = Lines(paragraph, columns * (width + kGap) - kGap - 2);
    texts.insert(texts.end(), lines.begin(), lines.end());
    if (title_lines == 0) title_lines = lines.size();
  }
  const int head = kLine * static_cast<int>(texts.size()) + 4;
  cv::Mat block(head + height + kLine + 8, columns * (width + kGap) - kGap, CV_8UC3, kPaper);
  for (size_t t = 0; t < texts.size(); ++t)
    Write(texts[t], {2, kLine * static_cast<int>(t) + 13}, t < title_lines ? kInk : kSoft, &block);
  for (int c = 0; c < columns; ++c) {
    const int x = c * (width + kGap);
    cells[static_cast<size_t>(c)].copyTo(block(cv::Rect(x, head, width, height)));
    Write(views[static_cast<size_t>(c)].caption, {x + 2, head + height + 13}, kSoft, &block);
  }
  return block;
}

/// Blocks side by side, `columns` in a row.
cv::Mat Arrange(const std::vector<cv::Mat>& blocks, int columns) {
  int width = 0, height = 0;
  for (const cv::Mat& block : blocks) {
    width = std::max(width, block.cols);
    height = std::max(height, block.rows);
  }
  const int rows = (static_cast<int>(blocks.size()) + columns - 1) / columns;
  cv::Mat sheet(rows * (height + kGap) + kGap, columns * (width + kGap) + kGap, CV_8UC3, kPaper);
  for (size_t k = 0; k < blocks.size(); ++k) {
    if (blocks[k].empty()) continue;
    const int row = static_cast<int>(k) / columns, column = static_cast<int>(k) % columns;
    blocks[k].copyTo(sheet(cv::Rect({kGap + column * (width + kGap), kGap + row * (height + kGap)},
                                    blocks[k].size())));
  }
  return sheet;
}

void WriteJpeg(const cv::Mat& sheet, const fs::path& file) {
  for (int quality = 90; quality >= 40; quality -= 5) {
    std::vector<std::uint8_t> bytes;
    if (!cv::imencode(".jpg", sheet, bytes, {cv::IMWRITE_JPEG_QUALITY, quality}))
      throw DataError(fmt::format("{} cannot be encoded.", file.string()));
    if (bytes.size() < kMostBytes) {
      WriteFileAtomically(file, std::string(bytes.begin(), bytes.end()));
      return;
    }
  }
  throw DataError(fmt::format("{} does not fit into {} kB.", file.string(), kMostBytes / 1000));
}

/// Frames that show what a condition is known by.
std::vector<View> Telling(const Truth& truth, const LabelledRecording& recording,
                          const std::string& condition) {
  const double hertz = Stated(recording, Side::kRight, "nystagmus_frequency_hz");
  if (hertz > 0) return Beat(truth, hertz);
  std::vector<View> views;
  const auto add = [&](const char* step, double share, const char* name) {
    if (const auto stretch = truth.First(step))
      views.push_back(ViewOf(truth, truth.Open(*stretch, share), name));
  };
  if (condition == "strabismus") {
    add("primary", 0.8, "both open");
    add("cover_right", 0.8, "right covered");
    add("cover_left", 0.8, "left covered");
    add("gaze_right", 0.8, "to the right");
    add("gaze_left", 0.8, "to the left");
  } else {
    add("up_gaze", 0.8, "up");
    add("primary", 0.8, "ahead");
    add("down_pursuit", 0.4, "sinking");
    add("down_pursuit", 0.65, "lower");
    add("down_pursuit", 0.95, "down");
  }
  return views;
}

}  // namespace

std::vector<fs::path> WriteSignSheets(
    const RunData& data, const fs::path& out, const std::string& variant, const fs::path& folder,
    const std::function<void(int done, int total, const std::string& what)>& progress) {
  const auto& variants = data.config().variants;
  if (std::none_of(variants.begin(), variants.end(),
                   [&](const ComponentChoice& choice) { return choice.name == variant; })) {
    throw UsageError(fmt::format("the run has no variant \"{}\".", variant));
  }
  const bool show_original = data.dataset().show_originals;
  // In the order of the configuration, where it names recordings.
  const std::vector<std::string>& named = data.config().dataset.recordings;
  const std::vector<std::string>& recordings = named.empty() ? data.recordings() : named;
  std::map<std::string, std::vector<cv::Mat>> ahead, strips;
  std::vector<cv::Mat> plain;
  const int total = static_cast<int>(recordings.size());
  int done = 0;
  for (const std::string& id : recordings) {
    const LabelledRecording& recording = *data.dataset().FindRecording(id);
    const Case one(data, id, variant, out);
    const std::string condition = ConditionOf(recording), title = Title(recording, condition);
    const auto [lids, signs] = Signs(recording);
    std::string line = title;
    for (const std::string& part : {lids, signs})
      if (!part.empty()) line += "; " + part;
    if (const std::optional<Json> json = data.FrameTruth(id)) {
      const Truth truth(*json);
      if (const auto primary = truth.First("primary")) {
        const std::vector<View> views = {ViewOf(truth, truth.Open(*primary, 0.8), "in this frame")};
        ahead[condition].push_back(Block({signs.empty() ? title : title + "; " + signs, lids},
                                         views, one.Cells(views, kWide, show_original)));
      }
      const std::vector<View> views = Telling(truth, recording, condition);
      if (!views.empty()) {
        const int width = views.size() > 5 ? kNarrow * 5 / static_cast<int>(views.size()) : kNarrow;
        strips[condition].push_back(Block({line}, views, one.Cells(views, width, show_original)));
      }
    } else {
      std::vector<View> views;
      for (int k = 0; k < kPlainFrames; ++k) {
        const std::int64_t frame = (2 * k + 1) * one.frames() / (2 * kPlainFrames);
        views.push_back({frame, fmt::format("frame {}", frame)});
      }
      plain.push_back(Block({line}, views, one.Cells(views, kNarrow, show_original)));
    }
    progress(++done, total, id);
  }
  std::vector<fs::path> files;
  const auto write = [&](const std::vector<cv::Mat>& blocks, int columns, const std::string& name) {
    if (blocks.empty()) return;
    files.push_back(folder / fmt::format("{}_{}.jpg", variant, name));
    WriteJpeg(Arrange(blocks, columns), files.back());
  };
  fs::create_directories(folder);
  std::vector<cv::Mat> overview;  // Each condition begins a row.
  for (const auto& [condition, blocks] : ahead) {
    overview.insert(overview.end(), blocks.begin(), blocks.end());
    while (overview.size() % kAhead != 0) overview.emplace_back();
  }
  write(overview, kAhead, "signs");
  for (const auto& [condition, blocks] : strips) write(blocks, 1, condition);
  write(plain, 1, "frames");
  return files;
}

}  // namespace maskbench
