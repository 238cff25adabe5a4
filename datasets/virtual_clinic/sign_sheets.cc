#include "datasets/virtual_clinic/sign_sheets.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "maskbench/render/renderer.h"
#include "maskbench/render/sensor.h"

#include "datasets/virtual_clinic/contact_sheets.h"
#include "datasets/virtual_clinic/examination.h"
#include "datasets/virtual_clinic/recorder.h"
#include "datasets/virtual_clinic/sheet_drawing.h"

namespace maskbench::virtual_clinic {
namespace {

constexpr int kWidth = 320, kFaceHeight = 240, kStripHeight = 120;
constexpr double kDistanceMm = 650, kRateHz = 60, kSeconds = 12;
constexpr int kRight = static_cast<int>(Side::kRight), kLeft = static_cast<int>(Side::kLeft);

// What of the patient fills the picture.
struct Crop {
  int width_px, height_px;
  double width_mm;          // At the eyes.
  std::optional<Side> eye;  // Centred here; none: between the eyes …
  double below_mm = 0;      // … or below them.
};
constexpr Crop kFace = {kWidth, kFaceHeight, 300, std::nullopt, 24};
constexpr Crop kEyes = {kWidth, kStripHeight, 112, std::nullopt, 0};

// A patient in front of the camera in even light, facing it; no blinks.
class Sitting {
 public:
  Sitting(const Studio& studio, std::uint64_t seed, int person, Patient patient)
      : patient_(std::move(patient)) {
    patient_.blink_rate_hz = 1e-6;
    RecordingPlan plan;
    plan.seed = seed;
    plan.subject_id = fmt::format("s{}", person);
    plan.stratum = EvenStratum(seed, person);
    actor_ = studio.Cast(SubjectOf(studio, plan, patient_));
    session_ = DrawSession(seed, plan.subject_id, 0, kWidth, kFaceHeight);
    session_.lighting = RoomLight(2);
    session_.head_mm = {0, 0, kDistanceMm};
    session_.yaw_deg = session_.pitch_deg = session_.roll_deg = 0;
    examination_ = std::make_unique<Examination>(*actor_, patient_, session_, seed, plan.subject_id,
                                                 kSeconds, kRateHz);
  }

  const Patient& patient() const { return patient_; }
  const std::vector<ExamFrame>& frames() const { return examination_->frames(); }

  /// Last frame of the n-th stretch of a step.
  int EndOf(Step step, int n = 0) const {
    for (const Segment& segment : examination_->segments())
      if (segment.step == step && n-- == 0)
        return static_cast<int>(segment.first_frame + segment.frame_count) - 1;
    return 0;
  }
  /// First frame of the n-th stretch of a step.
  int StartOf(Step step) const {
    for (const Segment& segment : examination_->segments())
      if (segment.step == step) return static_cast<int>(segment.first_frame);
    return 0;
  }

  std::array<EyeFrameTruth, 2> Truth(int number) const {
    const ExamFrame& frame = frames().at(static_cast<size_t>(number));
    Scene scene;
    scene.camera = session_.camera;
    scene.lighting = session_.lighting;
    return actor_->Truth(frame.pose, actor_->Pose(frame.pose), scene, nullptr);
  }

  /// @param turn_deg  the head is turned so far to its left, with its eyes.
  cv::Mat Draw(int number, const Crop& crop, Renderer* renderer, double turn_deg = 0) const {
    ExamFrame frame = frames().at(static_cast<size_t>(number));
    if (turn_deg != 0) frame.pose.head = Pose::OfHead(turn_deg, 0, 0, session_.head_mm);
    const Actor::Posed posed = actor_->Pose(frame.pose);
    Scene scene;
    scene.lighting = session_.lighting;
    scene.background.top = scene.background.bottom = {0.42f, 0.45f, 0.48f};
    scene.camera.width_px = crop.width_px;
    scene.camera.height_px = crop.height_px;
    scene.camera.focal_px = crop.width_px * kDistanceMm / crop.width_mm;
    const Eigen::Vector3d forward(0, -crop.below_mm, 12);
    const Eigen::Vector3d middle =
        crop.eye
            ? posed.eyes[static_cast<size_t>(*crop.eye)].rest_centre_mm
            : Eigen::Vector3d(0.5 * (posed.eyes[0].rest_centre_mm + posed.eyes[1].rest_centre_mm));
    scene.camera.principal_px = {0, 0};
    scene.camera.principal_px =
        Eigen::Vector2d((crop.width_px - 1) / 2.0, (crop.height_px - 1) / 2.0) -
        scene.camera.Project(frame.pose.head * Eigen::Vector3d(middle + forward));
    actor_->AddTo(frame.pose, posed, &scene);
    if (frame.occluder.shown) scene.meshes.push_back(OccluderMesh(frame.occluder));
    const RenderedFrame picture = renderer->Render(scene);
    return Develop(picture.linear, SensorRecipe(), session_.sensor_seed, number);
  }

 private:
  Patient patient_;
  std::shared_ptr<const Actor> actor_;
  Session session_;
  std::unique_ptr<Examination> examination_;
};

Patient Healthy() {
  Patient patient;
  for (EyeSigns& eye : patient.eyes) {
    eye.mrd1_mm = 4.2;
    eye.mrd2_mm = 5.0;
  }
  return patient;
}

// Thyroid orbitopathy with all of its signs, `severity` 0 … 1 from the least to the most.
Patient Thyroid(double severity, double left_share) {
  Patient patient = Healthy();
  patient.condition = Condition::kThyroidOrbitopathy;
  for (int s : {kRight, kLeft}) {
    const double share = s == kLeft ? left_share : 1;
    const auto sign = [&](double none, double least, double most) {
      return none + share * (least + severity * (most - least) - none);
    };
    EyeSigns& eye = patient.eyes[s];
    eye.affected = true;
    eye.mrd1_mm = sign(4.2, 5.6, 7.6);
    eye.mrd2_mm = sign(5.0, 5.3, 6.6);
    eye.protrusion_mm = sign(0, 2.0, 7.0);
    eye.lateral_flare_mm = sign(0, 0.6, 2.0);
    eye.lid_follow_down = sign(0.9, 0.75, 0.4);
    eye.limit_up_deg = sign(38, 30, 8);
    eye.swelling_upper_mm = sign(0, 0.5, 2.2);
    eye.swelling_lower_mm = sign(0, 0.4, 2.0);
    eye.redness = sign(0, 0.1, 0.5);
  }
  return patient;
}

// Aponeurotic ptosis with the signs that DrawPatient gives a droop on average.
Patient Ptosis(std::optional<double> right_mrd1_mm, std::optional<double> left_mrd1_mm) {
  Patient patient = Healthy();
  patient.condition = Condition::kPtosis;
  for (int s : {kRight, kLeft}) {
    const std::optional<double>& mrd1 = s == kRight ? right_mrd1_mm : left_mrd1_mm;
    if (!mrd1) continue;
    EyeSigns& eye = patient.eyes[s];
    const double droop = 4.5 - *mrd1;
    eye.affected = true;
    eye.mrd1_mm = *mrd1;
    eye.crease_shift_mm = 0.55 * droop;
    eye.crease_depth_factor = 1 - 0.1 * droop;
    patient.brow_raise = std::max(patient.brow_raise, 0.85 * 0.13 * (droop - 0.4));
  }
  return patient;
}

Patient Strabismus(double horizontal_dioptres, double vertical_dioptres, Side fixing_eye) {
  Patient patient = Healthy();
  patient.condition = Condition::kStrabismus;
  patient.deviation = {horizontal_dioptres, vertical_dioptres, fixing_eye, 1};
  return patient;
}

Patient WithNystagmus(Nystagmus::Waveform waveform, double frequency_hz, double amplitude_deg) {
  Patient patient = Healthy();
  patient.condition = Condition::kNystagmus;
  Nystagmus nystagmus;
  nystagmus.waveform = waveform;
  nystagmus.frequency_hz = frequency_hz;
  nystagmus.amplitude_deg = amplitude_deg;
  patient.nystagmus = nystagmus;
  return patient;
}

std::string NameOf(Side side) { return side == Side::kRight ? "right" : "left"; }

struct Shown {
  int person;
  Patient patient;
  std::vector<std::string> lines;
};
struct StripView {
  Step step;
  const char* caption;
  double turn_deg = 0;
};
constexpr StripView kProfile = {Step::kPrimary, "head turned 75 deg", 75};

cv::Mat Below(const std::vector<cv::Mat>& parts) {
  cv::Mat all;
  cv::vconcat(parts, all);
  return all;
}
cv::Mat Beside(const std::vector<cv::Mat>& parts) {
  cv::Mat all;
  cv::hconcat(parts, all);
  return all;
}

// One patient: what they have, the face, the eyes in some steps.
cv::Mat Column(const Sitting& sitting, const std::vector<std::string>& lines,
               const std::vector<StripView>& views, Renderer* renderer) {
  std::vector<cv::Mat> parts = {TextBand(lines, kWidth),
                                sitting.Draw(sitting.EndOf(Step::kPrimary), kFace, renderer)};
  for (const StripView& view : views) {
    Crop crop = kEyes;
    if (view.turn_deg != 0) crop.eye = view.turn_deg > 0 ? Side::kRight : Side::kLeft;
    cv::Mat strip = sitting.Draw(sitting.EndOf(view.step), crop, renderer, view.turn_deg);
    DrawCaption(view.caption, {5, kStripHeight - 6}, 0.36, &strip);
    parts.push_back(strip);
  }
  return Below(parts);
}

class Drawing {
 public:
  Drawing(const Studio& studio, std::uint64_t seed, const std::function<void()>& tick)
      : studio_(studio), seed_(seed), tick_(tick) {}

  cv::Mat Row(const std::vector<Shown>& patients, const std::vector<StripView>& views) {
    std::vector<cv::Mat> columns;
    for (const Shown& shown : patients) {
      const Sitting sitting(studio_, seed_, shown.person, shown.patient);
      columns.push_back(Column(sitting, shown.lines, views, &renderer_));
      tick_();
    }
    return Beside(columns);
  }

  // Both ends of the largest beat, and gaze over time.
  cv::Mat NystagmusRow(const std::vector<Shown>& patients) {
    std::vector<cv::Mat> columns;
    for (const Shown& shown : patients) {
      const Sitting sitting(studio_, seed_, shown.person, shown.patient);
      const int plane = BeatsVertically(sitting.patient()) ? 1 : 0, count = 120;
      const auto at = [&](int f) { return sitting.Truth(f)[kRight].visual_axis_head_deg[plane]; };
      std::vector<double> gaze;
      for (int f = 0; f < count; ++f) gaze.push_back(at(f));
      // The far end, and the other end of the same beat.
      const auto low = std::min_element(gaze.begin(), gaze.end());
      const auto reach =
          static_cast<std::ptrdiff_t>(0.7 * kRateHz / sitting.patient().nystagmus->frequency_hz);
      const auto high = std::max_element(low - std::min(reach, low - gaze.begin()),
                                         low + std::min(reach, gaze.end() - low));
      const int first = static_cast<int>(low - gaze.begin()),
                second = static_cast<int>(high - gaze.begin());
      cv::Mat column = Column(sitting, shown.lines, {}, &renderer_);
      std::vector<cv::Mat> parts = {column};
      for (int f : {std::min(first, second), std::max(first, second)}) {
        cv::Mat strip = sitting.Draw(f, kEyes, &renderer_);
        DrawCaption(fmt::format("{:.2f} s", f / kRateHz), {5, kStripHeight - 6}, 0.36, &strip);
        parts.push_back(strip);
      }
      const double middle = 0.5 * (*low + *high);
      Diagram trace(
          kWidth, 150, {"seconds", 0, 2, 0.5},
          {plane == 0 ? "gaze of the right eye to the left, deg" : "gaze of the right eye up, deg",
           -6, 6, 3});
      std::vector<cv::Point2d> line;
      for (int f = 0; f < count; ++f)
        line.emplace_back(f / kRateHz, gaze[static_cast<size_t>(f)] - middle);
      trace.Line(line, {160, 60, 0});
      for (int f : {first, second})
        trace.Dot({f / kRateHz, gaze[static_cast<size_t>(f)] - middle}, {0, 0, 220});
      parts.push_back(trace.picture());
      columns.push_back(Below(parts));
      tick_();
    }
    return Beside(columns);
  }

  cv::Mat NystagmusStrip() {
    constexpr int kColumns = 4, kRows = 3, kEvery = 2, kTile = 240, kTileHeight = 130;
    const Shown shown = {11, WithNystagmus(Nystagmus::Waveform::kJerkLeft, 3.0, 8.0), {}};
    const Sitting sitting(studio_, seed_, shown.person, shown.patient);
    const auto gaze = [&](int f) { return sitting.Truth(f)[kLeft].visual_axis_head_deg.x(); };
    // From the first turn at the left end on.
    int first = 20;
    while (first < 60 &&
           !(gaze(first) > gaze(first - 1) && gaze(first) >= gaze(first + 1) &&
             sitting.frames()[static_cast<size_t>(first)].nystagmus_deg[kLeft].x() > 2))
      ++first;
    cv::Mat grid(kRows * kTileHeight, kColumns * kTile, CV_8UC3);
    Diagram trace(
        kColumns * kTile, 210, {"seconds", 0, 2, 0.25},
        {"gaze of the left eye to the patient's left, deg (red: the frames above)", -8, 6, 2});
    std::vector<cv::Point2d> line;
    for (int f = 0; f <= 120; ++f) line.emplace_back(f / kRateHz, gaze(f));
    trace.Line(line, {160, 60, 0});
    for (int k = 0; k < kColumns * kRows; ++k) {
      const int f = first + kEvery * k;
      cv::Mat tile = sitting.Draw(f, {kTile, kTileHeight, 42, Side::kLeft, 0}, &renderer_);
      // A mark that stays with the head.
      cv::line(tile, {kTile / 2, 0}, {kTile / 2, 14}, {255, 255, 255}, 1);
      cv::line(tile, {kTile / 2, kTileHeight - 15}, {kTile / 2, kTileHeight - 1}, {255, 255, 255},
               1);
      DrawCaption(fmt::format("{:.3f} s", f / kRateHz), {5, kTileHeight - 6}, 0.36, &tile);
      tile.copyTo(
          grid(cv::Rect(k % kColumns * kTile, k / kColumns * kTileHeight, kTile, kTileHeight)));
      trace.Dot({f / kRateHz, gaze(f)}, {0, 0, 220});
    }
    tick_();
    return Below({TextBand({"jerk nystagmus to the left, 3 Hz, 8 deg peak to peak: left eye, "
                            "every second frame of 60 per second"},
                           kColumns * kTile),
                  grid, trace.picture()});
  }

  cv::Mat LidLagStrip() {
    constexpr int kTile = 160, kTileHeight = 130;
    const std::vector<double> elevations = {0, -6, -12, -18, -24, -30};
    const Patient ill = Thyroid(0.5, 1);
    const std::vector<Shown> patients = {
        {34, Healthy(), {"healthy, lid follows 0.90 deg per deg"}},
        {34,
         ill,
         {fmt::format("thyroid orbitopathy, lid follows {:.2f} deg per deg",
                      ill.eyes[kLeft].lid_follow_down)}}};
    const std::vector<cv::Scalar> colours = {{90, 140, 0}, {30, 30, 210}};
    Diagram diagram(kTile * static_cast<int>(elevations.size()), 250,
                    {"gaze elevation, deg (down to the right)", 5, -32, -5},
                    {"MRD1 of the left eye, mm", 0, 8, 2});
    std::vector<cv::Mat> parts;
    for (size_t k = 0; k < patients.size(); ++k) {
      const Sitting sitting(studio_, seed_, patients[k].person, patients[k].patient);
      const int start = sitting.StartOf(Step::kDownPursuit) + 18;
      const int end = sitting.EndOf(Step::kDownPursuit);
      std::vector<cv::Point2d> line;
      std::vector<cv::Mat> tiles;
      for (int f = start; f <= end; ++f) {
        const EyeFrameTruth truth = sitting.Truth(f)[kLeft];
        const double elevation = truth.visual_axis_head_deg.y();
        line.emplace_back(elevation, truth.measures.mrd1_mm);
        const bool wanted =
            tiles.size() < elevations.size() && (elevation <= elevations[tiles.size()] || f == end);
        if (!wanted) continue;
        cv::Mat tile = sitting.Draw(f, {kTile, kTileHeight, 44, Side::kLeft, 0}, &renderer_);
        DrawCaption(fmt::format("{:.0f} deg, MRD1 {:.1f}", std::round(elevation) + 0.0,
                                truth.measures.mrd1_mm),
                    {5, kTileHeight - 6}, 0.36, &tile);
        tiles.push_back(tile);
        diagram.Dot(line.back(), colours[k]);
      }
      diagram.Line(line, colours[k]);
      diagram.Label(k == 0 ? "healthy" : "thyroid orbitopathy",
                    {line.front().x - 1, line.front().y + 0.5}, colours[k]);
      parts.push_back(TextBand(patients[k].lines, kTile * static_cast<int>(elevations.size())));
      parts.push_back(Beside(tiles));
      tick_();
    }
    parts.push_back(diagram.picture());
    return Below(parts);
  }

 private:
  static bool BeatsVertically(const Patient& patient) {
    using Waveform = Nystagmus::Waveform;
    const Waveform waveform = patient.nystagmus->waveform;
    return waveform == Waveform::kJerkUp || waveform == Waveform::kJerkDown ||
           waveform == Waveform::kPendularVertical;
  }

  const Studio& studio_;
  std::uint64_t seed_;
  const std::function<void()>& tick_;
  Renderer renderer_;
};

Shown ShowThyroid(int person, const char* grade, double severity, double left_share) {
  const Patient patient = Thyroid(severity, left_share);
  const EyeSigns &right = patient.eyes[kRight], &left = patient.eyes[kLeft];
  return {
      person,
      patient,
      {fmt::format("thyroid orbitopathy, {}; right / left eye:", grade),
       fmt::format("MRD1 {:.1f} / {:.1f}, protrusion {:.1f} / {:.1f} mm", right.mrd1_mm,
                   left.mrd1_mm, right.protrusion_mm, left.protrusion_mm),
       fmt::format("reaches {:.0f} / {:.0f} deg up, flare {:.1f} / {:.1f} mm", right.limit_up_deg,
                   left.limit_up_deg, right.lateral_flare_mm, left.lateral_flare_mm),
       fmt::format("lid gain {:.2f} / {:.2f}, redness {:.0f} / {:.0f} %", right.lid_follow_down,
                   left.lid_follow_down, 100 * right.redness, 100 * left.redness)}};
}

Shown ShowPtosis(int person, const char* grade, std::optional<double> right,
                 std::optional<double> left) {
  const Patient patient = Ptosis(right, left);
  return {person,
          patient,
          {fmt::format("ptosis, {}, {}", grade,
                       right && left ? "both"
                       : right       ? "right"
                                     : "left"),
           fmt::format("MRD1 right {:.1f} mm, left {:.1f} mm", patient.eyes[kRight].mrd1_mm,
                       patient.eyes[kLeft].mrd1_mm),
           fmt::format("brows raised by {:.0f} % of their range", 100 * patient.brow_raise)}};
}

Shown ShowStrabismus(int person, const char* grade, double horizontal, double vertical,
                     Side fixing) {
  const char* name = vertical != 0    ? "right hypertropia"
                     : horizontal > 0 ? "esotropia"
                                      : "exotropia";
  return {person,
          Strabismus(horizontal, vertical, fixing),
          {fmt::format("{}, {}", name, grade),
           fmt::format("{:.0f} prism dioptres, {} eye fixing",
                       std::abs(vertical != 0 ? vertical : horizontal), NameOf(fixing))}};
}

Shown ShowNystagmus(int person, const char* grade, Nystagmus::Waveform waveform, const char* name,
                    double hertz, double degrees) {
  return {person,
          WithNystagmus(waveform, hertz, degrees),
          {fmt::format("nystagmus, {}: {}", grade, name),
           fmt::format("{:.1f} Hz, {:.0f} deg peak to peak", hertz, degrees)}};
}

}  // namespace

std::vector<std::filesystem::path> DrawSignSheets(const Studio& studio, std::uint64_t seed,
                                                  const std::filesystem::path& folder,
                                                  const std::function<void()>& tick) {
  using Waveform = Nystagmus::Waveform;
  Drawing drawing(studio, seed, tick);
  std::vector<std::filesystem::path> files;
  const auto write = [&](const char* name, const cv::Mat& sheet) {
    files.push_back(folder / (std::string(name) + ".jpg"));
    WriteSheet(sheet, files.back());
  };
  const std::vector<StripView> vertical = {{Step::kPrimary, "straight ahead"},
                                           {Step::kUpGaze, "25 deg up"},
                                           {Step::kDownPursuit, "30 deg down"}};
  const std::vector<StripView> covers = {{Step::kPrimary, "both eyes open"},
                                         {Step::kCoverRight, "right eye covered"},
                                         {Step::kCoverLeft, "left eye covered"}};
  const std::vector<std::string> norm = {"healthy", "MRD1 4.2 mm, MRD2 5.0 mm, straight eyes"};
  const auto with_profile = [](std::vector<StripView> views) {
    views.push_back(kProfile);
    return views;
  };
  write("healthy", drawing.Row({{11, Healthy(), norm}, {7, Healthy(), norm}, {27, Healthy(), norm}},
                               with_profile(vertical)));
  write("thyroid_orbitopathy",
        drawing.Row({ShowThyroid(34, "mild", 0, 0.8), ShowThyroid(19, "moderate", 0.5, 0.7),
                     ShowThyroid(35, "severe", 1, 0.9)},
                    with_profile(vertical)));
  write("ptosis", drawing.Row({ShowPtosis(26, "mild", std::nullopt, 3.0),
                               ShowPtosis(23, "moderate", 1.4, std::nullopt),
                               ShowPtosis(7, "severe", 0.6, 0)},
                              vertical));
  write("esotropia", drawing.Row({ShowStrabismus(39, "mild", 15, 0, Side::kRight),
                                  ShowStrabismus(1, "moderate", 30, 0, Side::kRight),
                                  ShowStrabismus(11, "severe", 50, 0, Side::kLeft)},
                                 covers));
  write("exotropia", drawing.Row({ShowStrabismus(25, "mild", -15, 0, Side::kLeft),
                                  ShowStrabismus(27, "moderate", -30, 0, Side::kRight),
                                  ShowStrabismus(23, "severe", -50, 0, Side::kRight)},
                                 covers));
  write("hypertropia", drawing.Row({ShowStrabismus(29, "mild", 0, 10, Side::kRight),
                                    ShowStrabismus(36, "moderate", 0, 18, Side::kLeft),
                                    ShowStrabismus(5, "severe", 0, 28, Side::kRight)},
                                   covers));
  write("nystagmus",
        drawing.NystagmusRow(
            {ShowNystagmus(13, "mild", Waveform::kPendular, "pendular", 4.0, 2),
             ShowNystagmus(23, "moderate", Waveform::kJerkLeft, "jerk to the left", 3.0, 5),
             ShowNystagmus(36, "severe", Waveform::kJerkRight, "jerk to the right", 2.5, 10)}));
  write("nystagmus_strip", drawing.NystagmusStrip());
  write("lid_lag_strip", drawing.LidLagStrip());
  return files;
}

}  // namespace maskbench::virtual_clinic
