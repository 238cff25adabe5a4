// `check-method` for masking methods.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"
#include "maskbench/core/text.h"
#include "maskbench/masking/face_region.h"
#include "maskbench/masking/masker.h"
#include "maskbench/masking/premade.h"
#include "maskbench/media/frame_source.h"

#include "method_checks.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

/// A pixel counts as changed from here on, levels of its grey: delivery at crf 18 and 4:2:0 alone
/// moves hardly any pixel of a face so far.
constexpr int kChangedLevels = 12;
/// Of the face's pixels; below, a mask masks nothing.
constexpr double kChangedShare = 0.02;

/// What came of one job.
struct Masked {
  std::string refusal;     ///< Why there is no video; empty: there is one.
  bool is_refusal = true;  ///< By DataError, as methods should; else by another exception.
  MaskReport report;
  fs::path file;
  MediaInfo info;
  int64_t frames_read = 0;
  double seconds = 0;
};

class MaskChecker {
 public:
  MaskChecker(const CheckedMethod& method, SampleMaker* samples, CheckList* list)
      : method_(method),
        info_(method.program.components->maskers.Info(method.choice.type)),
        samples_(*samples),
        list_(*list) {}

  void CheckAll() {
    const MadeSample& usual = samples_.Person(0, 0);
    const MadeSample& odd = samples_.OddSize();
    std::unique_ptr<Masker> masker;
    try {
      masker = Make(method_.delivery);
    } catch (const std::exception& error) {
      return list_.Problem("builds", error.what());
    }
    list_.Good("builds", fmt::format("{}, version {}", info_.type, info_.version));
    const std::array<std::string, 2> sources = {Sha256OfFile(usual.recording.file),
                                                Sha256OfFile(odd.recording.file)};
    const Masked first = Run(masker.get(), usual, "first");
    CheckDelivery("usual video", usual, first);
    if (info_.needs_truth) {
      list_.Note("other recordings",
                 "not tried: an oracle needs the truth, which only the usual video has");
    } else {
      CheckDelivery("odd size", odd, Run(masker.get(), odd, "odd"));
      CheckDelivery("one frame", samples_.OneFrame(),
                    Run(masker.get(), samples_.OneFrame(), "one"));
      CheckNoFace(masker.get());
    }
    if (!first.refusal.empty()) {
      return list_.Note("everything else", "not tried: it needs the usual video masked");
    }
    CheckFaceIsChanged(usual, first);
    CheckRepeats(usual, odd, first);
    if (info_.single_frames) CheckChosenFrames(usual);
    if (Sha256OfFile(usual.recording.file) != sources[0] ||
        Sha256OfFile(odd.recording.file) != sources[1]) {
      list_.Problem("recordings", "the method changed the recording that it was given to read");
    } else {
      list_.Good("recordings", "the recordings themselves were left alone");
    }
    CheckSpeed(usual, first);
  }

 private:
  std::unique_ptr<Masker> Make(const DeliveryOptions& delivery) const {
    return method_.program.components->maskers.Make(
        method_.choice, {delivery, &method_.networks, method_.perception});
  }

  Masked Run(Masker* masker, const MadeSample& sample, const std::string& name,
             const std::vector<int64_t>& frames = {}) const {
    MaskJob job;
    job.recording = sample.recording;
    if (!masker->FindsFaces()) job.track = sample.track;
    const fs::path folder = method_.folder / name;
    fs::remove_all(folder);
    fs::create_directories(folder);
    job.output = folder / ("masked" + masker->Extension(job.recording));
    job.seed = 1;
    job.frames = frames;
    if (info_.needs_truth) job.truth = sample.truth;
    if (info_.needs_patient) job.patient = AnonymousPatient(sample.name);
    Masked masked;
    masked.file = job.output;
    const auto start = std::chrono::steady_clock::now();
    try {
      masked.report = masker->Mask(job);
      masked.seconds =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      if (!fs::exists(job.output) || fs::file_size(job.output) == 0) {
        throw DataError("the method wrote no file.");
      }
      const auto source = OpenFrames(job.output);
      masked.info = source->info();
      for (Frame frame; source->Next(&frame);) ++masked.frames_read;
    } catch (const DataError& error) {
      masked.refusal = error.what();
    } catch (const std::exception& error) {
      masked.refusal = Split(error.what(), '\n').front();
      masked.is_refusal = false;
    }
    return masked;
  }

  void CheckDelivery(const std::string& what, const MadeSample& sample, const Masked& masked) {
    const MediaInfo &in = sample.recording.info, &out = masked.info;
    const std::string taken = fmt::format("{}×{}, {} frame{}", in.width_px, in.height_px,
                                          in.frame_count, in.frame_count == 1 ? "" : "s");
    if (!masked.refusal.empty()) {
      return list_.Problem(what, fmt::format("{}: {}", taken, masked.refusal));
    }
    if (masked.frames_read != in.frame_count || masked.report.frames != in.frame_count) {
      return list_.Problem(
          what, fmt::format("{}: the video has {} frames and the method says {}; a run refuses "
                            "what has not as many as the recording",
                            taken, masked.frames_read, masked.report.frames));
    }
    if (in.frame_count > 1 && std::abs(out.rate.hz() / in.rate.hz() - 1) > 1e-3) {
      return list_.Problem(what, fmt::format("{}: {:g} frames per second became {:g}", taken,
                                             in.rate.hz(), out.rate.hz()));
    }
    const std::string blank = masked.report.frames_blanked == 0
                                  ? ""
                                  : fmt::format("; {} of them blank", masked.report.frames_blanked);
    // H.264 at 4:2:0 has no odd sizes: the writer repeats the last row or column.
    const bool same = (out.width_px + 1) / 2 == (in.width_px + 1) / 2 &&
                      (out.height_px + 1) / 2 == (in.height_px + 1) / 2;
    if (same)
      return list_.Good(what, fmt::format("{}: frames, rate and size kept{}", taken, blank));
    list_.Note(what,
               fmt::format("{}: delivered at {}×{}{}, which is allowed; places in the picture "
                           "are then no longer those of the recording",
                           taken, out.width_px, out.height_px, blank));
  }

  void CheckNoFace(Masker* masker) {
    const MadeSample& sample = samples_.NoFace();
    const Masked masked = Run(masker, sample, "none");
    const std::string what = "no face";
    if (!masked.refusal.empty()) {
      if (masked.is_refusal) {
        return list_.Good(
            what, "the case is refused, as a failure that a run reports: " + masked.refusal);
      }
      return list_.Problem(
          what, "ends in an error of a library instead of a DataError: " + masked.refusal);
    }
    if (masked.frames_read != sample.recording.info.frame_count) {
      return list_.Problem(what,
                           fmt::format("{} frames became {}", sample.recording.info.frame_count,
                                       masked.frames_read));
    }
    const std::vector<double> changed = ChangedShares(sample, masked, false);
    if (changed.empty()) return list_.Note(what, "delivered at another size; not compared");
    const double least = *std::min_element(changed.begin(), changed.end());
    if (least >= kChangedShare) {
      return list_.Good(what,
                        fmt::format("delivered, with {:.0f} % of the pixels changed", 100 * least));
    }
    list_.Problem(
        what,
        "the picture is delivered as it was filmed where no face is found: a face that is "
        "overlooked would go out unmasked");
  }

  /// Of every delivered frame the share of pixels that differ from the recording, of those inside
  /// the face or of all. Empty when the pictures cannot be laid upon each other.
  static std::vector<double> ChangedShares(const MadeSample& sample, const Masked& masked,
                                           bool in_face) {
    std::optional<FaceRegions> regions;
    if (in_face) regions.emplace(sample.track, FaceRegionOptions());
    const auto before = OpenFrames(sample.recording.file), after = OpenFrames(masked.file);
    std::vector<double> shares;
    for (Frame a, b; before->Next(&a) && after->Next(&b);) {
      const auto frame = static_cast<size_t>(a.index);
      cv::Mat inside(a.bgr.size(), CV_8U, cv::Scalar(255));
      if (in_face) {
        const FaceRegion region = regions->At(a.index);
        if (!region.known) continue;
        inside.setTo(0);
        cv::fillConvexPoly(inside, region.ScaledOval(1), cv::Scalar(255));
      }
      cv::Point origin(0, 0);
      if (frame < masked.report.origins_px.size()) {
        origin = masked.report.origins_px[frame];
      } else if (std::abs(a.bgr.cols - b.bgr.cols) > 1 || std::abs(a.bgr.rows - b.bgr.rows) > 1) {
        return {};
      }
      // What is not delivered at all counts as changed.
      cv::Mat delivered(a.bgr.size(), CV_8UC3, cv::Scalar::all(0)), levels,
          changed = inside.clone();
      const cv::Rect place = cv::Rect(origin, b.bgr.size()) & cv::Rect({0, 0}, a.bgr.size());
      if (!place.empty()) {
        b.bgr(place - origin).copyTo(delivered(place));
        cv::Mat1b filmed, shown;
        cv::cvtColor(a.bgr, filmed, cv::COLOR_BGR2GRAY);
        cv::cvtColor(delivered, shown, cv::COLOR_BGR2GRAY);
        cv::absdiff(filmed, shown, levels);
        cv::Mat differs = levels >= kChangedLevels;
        changed(place) &= differs(place);
      }
      const int area = cv::countNonZero(inside);
      if (area > 0) shares.push_back(static_cast<double>(cv::countNonZero(changed)) / area);
    }
    return shares;
  }

  void CheckFaceIsChanged(const MadeSample& sample, const Masked& masked) {
    const std::vector<double> shares = ChangedShares(sample, masked, true);
    const std::string what = "face is changed";
    if (shares.empty()) {
      return list_.Note(what,
                        "not compared: the delivered size is another, and the method does not say "
                        "where its picture lies in the recording (MaskReport::origins_px)");
    }
    const auto least = std::min_element(shares.begin(), shares.end());
    double mean = 0;
    for (const double share : shares) mean += share / static_cast<double>(shares.size());
    const std::string figure = fmt::format(
        "{:.0f} % of the face's pixels differ by {} grey levels or more ({:.0f} % in frame {}, "
        "the least)",
        100 * mean, kChangedLevels, 100 * *least, least - shares.begin());
    if (mean < kChangedShare) {
      list_.Problem(what, "the face is delivered as it was filmed: " + figure);
    } else if (*least < kChangedShare) {
      list_.Problem(what, "a frame is delivered as it was filmed: " + figure);
    } else {
      list_.Good(what, figure);
    }
  }

  static bool SamePictures(const fs::path& a, const fs::path& b) {
    const auto first = OpenFrames(a), second = OpenFrames(b);
    Frame one, two;
    while (first->Next(&one)) {
      if (!second->Next(&two) || one.bgr.size() != two.bgr.size() ||
          cv::norm(one.bgr, two.bgr, cv::NORM_INF) > 0) {
        return false;
      }
    }
    return !second->Next(&two);
  }

  void Compare(const std::string& what, const Masked& first, const Masked& again,
               const std::string& how) {
    if (!again.refusal.empty()) return list_.Problem(what, how + ": " + again.refusal);
    if (ReadFile(first.file) == ReadFile(again.file)) {
      return list_.Good(what, how + ": the same bytes");
    }
    if (SamePictures(first.file, again.file)) {
      return list_.Note(what, how +
                                  ": the same pictures in another file; figures repeat, hashes of "
                                  "the videos do not (a date or a random id in the file?)");
    }
    list_.Problem(what, how +
                            ": other pictures; draw random numbers from the seed alone, and keep "
                            "nothing from one recording for the next");
  }

  void CheckRepeats(const MadeSample& usual, const MadeSample& odd, const Masked& first) {
    const std::unique_ptr<Masker> another = Make(method_.delivery);
    if (!info_.needs_truth) Run(another.get(), odd, "before_again");
    Compare("repeats", first, Run(another.get(), usual, "again"),
            info_.needs_truth ? "masked once more" : "masked once more, after another recording");
    Masked side_by_side;
    {
      const std::unique_ptr<Masker> left = Make(method_.delivery), right = Make(method_.delivery);
      std::thread thread([&] { Run(right.get(), info_.needs_truth ? usual : odd, "beside"); });
      side_by_side = Run(left.get(), usual, "two_at_a_time");
      thread.join();
    }
    Compare("two at a time", first, side_by_side, "masked while another instance works");
  }

  void CheckChosenFrames(const MadeSample& usual) {
    const std::string what = "chosen frames";
    DeliveryOptions lossless;
    lossless.codec = "ffv1";
    const std::unique_ptr<Masker> masker = Make(lossless);
    const std::vector<int64_t> wanted = {2, 7};
    const Masked all = Run(masker.get(), usual, "lossless");
    const Masked chosen = Run(masker.get(), usual, "chosen", wanted);
    for (const Masked* masked : {&all, &chosen})
      if (!masked->refusal.empty()) return list_.Problem(what, masked->refusal);
    const auto every = OpenFrames(all.file), few = OpenFrames(chosen.file);
    size_t same = 0;
    Frame one, two;
    while (every->Next(&one)) {
      if (same == wanted.size() || one.index != wanted[same]) continue;
      if (!few->Next(&two) || one.bgr.size() != two.bgr.size() ||
          cv::norm(one.bgr, two.bgr, cv::NORM_INF) > 0) {
        break;
      }
      ++same;
    }
    if (same == wanted.size() && !few->Next(&two)) {
      return list_.Good(what, "frames 2 and 7 alone are what they are among all frames");
    }
    list_.Problem(what,
                  "frames 2 and 7 alone are not what they are among all frames: the method may not "
                  "say that it can deliver chosen frames (ComponentInfo::single_frames)");
  }

  void CheckSpeed(const MadeSample& usual, const Masked& masked) {
    const double per_frame = masked.seconds / static_cast<double>(usual.recording.info.frame_count);
    const std::string text = fmt::format(
        "{:.3g} ms per frame of 480×360 with start and encoding; 100 recordings of 300 frames take "
        "{:.2g} h on one core",
        1000 * per_frame, 100 * 300 * per_frame / 3600);
    // A run of that size that takes more than a night.
    per_frame > 2 ? list_.Note("speed", text) : list_.Good("speed", text);
  }

  const CheckedMethod& method_;
  const ComponentInfo& info_;
  SampleMaker& samples_;
  CheckList& list_;
};

}  // namespace

void CheckMask(const CheckedMethod& method, SampleMaker* samples, CheckList* list) {
  MaskChecker(method, samples, list).CheckAll();
}

void CheckPremade(const fs::path& folder, const Dataset& dataset, const std::string& split,
                  const fs::path& root, CheckList* list) {
  int good = 0, wanted = 0;
  std::vector<std::string> missing;
  for (const LabelledRecording& recording : dataset.recordings) {
    const Subject* const subject = dataset.FindSubject(recording.subject);
    if (split != "all" && (subject == nullptr || subject->split != split)) continue;
    ++wanted;
    const std::optional<fs::path> file = PremadeFile({{"folder", folder.string()}}, recording.id);
    if (!file) {
      missing.push_back(recording.id);
      continue;
    }
    try {
      int64_t expected = recording.frame_count.value_or(0);
      double rate_hz = recording.rate_hz;
      if (!recording.frame_count) {
        ReadOptions options;
        options.image_rate_hz = recording.rate_hz;
        options.first_frame = recording.first_frame;
        const MediaInfo info = ProbeMedia(root / recording.path, options);
        expected = info.frame_count;
        rate_hz = info.rate.hz();
      }
      const auto source = OpenFrames(*file);
      int64_t frames = 0;
      for (Frame frame; source->Next(&frame);) ++frames;
      if (frames != expected) {
        list->Problem(file->filename(),
                      fmt::format("has {} frames; the recording has {}", frames, expected));
      } else if (frames > 1 && std::abs(source->info().rate.hz() / rate_hz - 1) > 1e-3) {
        list->Note(file->filename(),
                   fmt::format("has {:g} frames per second; the recording has {:g}",
                               source->info().rate.hz(), rate_hz));
      } else {
        ++good;
      }
    } catch (const DataError& error) {
      list->Problem(file->filename(), error.what());
    }
  }
  if (wanted == 0) {
    list->Problem("recordings", fmt::format("the data set has none in split \"{}\"", split));
  } else if (!missing.empty()) {
    const size_t shown = std::min<size_t>(missing.size(), 5);
    list->Problem(
        "missing videos",
        fmt::format("{} of {} recordings have none in {}: {}{}", missing.size(), wanted,
                    folder.string(), Join({missing.begin(), missing.begin() + shown}, ", "),
                    missing.size() > shown ? ", …" : ""));
  }
  if (good > 0) {
    list->Good("videos", fmt::format("{} of {} recordings have a video with their number of frames",
                                     good, wanted));
  }
}

}  // namespace maskbench
