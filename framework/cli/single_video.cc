// `mask` and `measure`: one video, without a data set.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/text.h"
#include "maskbench/masking/mask_parameters.h"
#include "maskbench/masking/mask_steadiness.h"
#include "maskbench/masking/mask_video.h"
#include "maskbench/media/frame_source.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/perception/face_tracker.h"
#include "maskbench/pipeline/run_config.h"

#include "commands.h"
#include "lid_plot.h"
#include "one_component.h"
#include "progress.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

void TrackFaces(const Program& program, const fs::path& input, const fs::path& track) {
  const NetworkLibrary networks(program.ModelsDir());
  FaceTracker tracker(networks, {});
  const std::unique_ptr<FrameSource> frames = OpenFrames(input);
  FaceTrackWriter writer(track, frames->info());
  ProgressBar bar;
  bar.Begin(static_cast<int>(frames->info().frame_count), 0);
  Frame frame;
  while (frames->Next(&frame)) {
    writer.Write(tracker.Process(frame.bgr));
    bar.Step("frames perceived");
  }
  bar.Close();
  writer.Finish();
}

/// Original on the left, masked on the right, on one canvas.
void WriteComparison(const fs::path& original, const fs::path& masked, const fs::path& output) {
  const std::unique_ptr<FrameSource> left = OpenFrames(original), right = OpenFrames(masked);
  const MediaInfo &a = left->info(), &b = right->info();
  const int height = std::max(a.height_px, b.height_px);
  const std::unique_ptr<VideoWriter> writer =
      VideoWriter::Delivery(output, {a.width_px + b.width_px, height}, a.rate, {});
  Frame left_frame, right_frame;
  while (left->Next(&left_frame) && right->Next(&right_frame)) {
    cv::Mat canvas(height, a.width_px + b.width_px, CV_8UC3, cv::Scalar::all(255));
    left_frame.bgr.copyTo(canvas(cv::Rect(0, (height - a.height_px) / 2, a.width_px, a.height_px)));
    right_frame.bgr.copyTo(
        canvas(cv::Rect(a.width_px, (height - b.height_px) / 2, b.width_px, b.height_px)));
    writer->Write(canvas);
  }
  writer->Finish();
}

/// A table as wide as its contents ask for. "-" stands for what is not known.
void PrintValues(const std::vector<MeasureValue>& values) {
  const auto number = [](double value) {
    return std::isnan(value) ? std::string("-") : fmt::format("{:.3f}", value);
  };
  std::vector<std::array<std::string, 6>> rows = {
      {"measure", "eye", "value", "95 % interval", "unit", "note"}};
  for (const MeasureValue& value : values) {
    const bool interval = !std::isnan(value.low) || !std::isnan(value.high);
    rows.push_back({value.name, value.eye ? ToString(*value.eye) : "", number(value.value),
                    interval ? fmt::format("{} to {}", number(value.low), number(value.high)) : "-",
                    value.unit, value.note});
  }
  std::array<size_t, 6> widths{};
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line =
        fmt::format("{:<{}}  {:<{}}  {:>{}}  {:>{}}  {:<{}}  {}", row[0], widths[0], row[1],
                    widths[1], row[2], widths[2], row[3], widths[3], row[4], widths[4], row[5]);
    line.erase(line.find_last_not_of(' ') + 1);
    fmt::print("{}\n", line);
  }
}

/// Copies what was made to where it is wanted.
void Deliver(const fs::path& made, const fs::path& output) {
  if (output.has_parent_path()) fs::create_directories(output.parent_path());
  fs::copy_file(made, output, fs::copy_options::overwrite_existing);
}

void PrintReport(const fs::path& output, const MaskReport& report, const std::string& maker) {
  fmt::print("{}: {} frames by {}", output.string(), report.frames, maker);
  if (report.frames_blanked > 0) {
    fmt::print("; {} of them blank: no face was there, or nothing was known of it yet",
               report.frames_blanked);
  }
  fmt::print(".\n");
}

/// The video of a digital mask from its file alone.
int DrawStoredMask(const Program& program, const MaskArguments& arguments) {
  if (arguments.files.size() != 1) {
    throw UsageError(
        fmt::format("with --from one file is named, the video to write, not {}; the recording is "
                    "not needed.",
                    arguments.files.size()));
  }
  const std::string bytes = ReadFile(arguments.parameters), origin = arguments.parameters.string();
  // Told before anything is drawn.
  const size_t frames = ParseMaskParameters(bytes, origin).frames.size();
  Json settings = Json::object();
  for (const std::string& option : arguments.options) ApplyOverride(option, &settings);
  Problems problems;
  const DeliveryOptions delivery = DeliveryOptions::Options().Parse(settings, "", &problems);
  problems.ThrowIfAny("delivery");
  ProgressBar bar;
  bar.Begin(static_cast<int>(frames), 0);
  const TemporaryFolder folder;
  const fs::path made = folder.path() / ("masked" + delivery.Extension());
  const MaskReport report = MaskVideo(program.ModelsDir())
                                .Draw(bytes, origin, made, delivery,
                                      [&](const MaskFace&, const MaskHeader&, const MaskFrame&,
                                          cv::Mat*) { bar.Step("frames drawn"); });
  bar.Close();
  Deliver(made, arguments.files[0]);
  PrintReport(arguments.files[0], report, arguments.parameters.filename().string());
  return kExitDone;
}

}  // namespace

int MaskCommand(const Program& program, const MaskArguments& arguments) {
  if (!arguments.parameters.empty()) return DrawStoredMask(program, arguments);
  if (arguments.variant.empty()) {
    throw UsageError(
        "--variant is needed, the method that masks the recording, or --from, a stored mask.");
  }
  if (arguments.files.size() != 2) {
    throw UsageError("two files are needed: the recording, and the video to write.");
  }
  const fs::path &input = arguments.files[0], &output = arguments.files[1];
  const ComponentChoice choice =
      Choose(program.components->maskers, arguments.variant, arguments.options);
  const bool oracle = program.components->maskers.Info(choice.type).needs_truth;
  if (oracle == arguments.truth.empty()) {
    throw UsageError(
        oracle ? fmt::format("{} is an oracle: it needs --truth, the truth of a virtual recording.",
                             choice.type)
               : fmt::format("{} is no oracle: --truth is for those alone.", choice.type));
  }
  const NetworkLibrary networks(program.ModelsDir());
  const std::unique_ptr<Masker> masker =
      program.components->maskers.Make(choice, {DeliveryOptions(), &networks});
  const TemporaryFolder folder;
  MaskJob job;
  job.recording = {"single", fs::absolute(input), ProbeMedia(input)};
  job.track = folder.path() / "faces.track";
  job.output = folder.path() / ("masked" + masker->Extension(job.recording));
  if (oracle) {
    if (!fs::exists(arguments.truth)) {
      throw DataError(fmt::format("{} does not exist.", arguments.truth.string()));
    }
    job.truth = fs::absolute(arguments.truth);
  }
  if (!arguments.patient.empty()) {
    if (!program.components->maskers.Info(choice.type).needs_patient) {
      throw UsageError(
          fmt::format("{} does not ask who is recorded: --patient is not for it.", choice.type));
    }
    job.patient = AnonymousPatient(arguments.patient);
  }
  const std::string kept = choice.options.value("parameters", "");
  if (arguments.steadiness && (kept.empty() || fs::is_directory(kept)))
    throw UsageError("--steadiness needs --set parameters=FILE of a digital mask.");
  ProgressBar bar;
  const bool one_pass = masker->FindsFaces();
  if (one_pass) {
    job.track.clear();
    bar.Begin(static_cast<int>(job.recording.info.frame_count), 0);
    job.after_frame = [&] { bar.Step("frames masked"); };
  } else {
    TrackFaces(program, input, job.track);
  }
  const MaskReport report = masker->Mask(job);
  if (one_pass) bar.Close();
  if (arguments.compare) {
    if (output.has_parent_path()) fs::create_directories(output.parent_path());
    WriteComparison(input, job.output, output);
  } else {
    Deliver(job.output, output);
  }
  PrintReport(output, report, choice.type);
  if (arguments.steadiness) {
    const fs::path track = folder.path() / "faces.track";
    if (one_pass) TrackFaces(program, input, track);
    const MaskSteadiness steadiness =
        MeasureSteadiness(ParseMaskParameters(ReadFile(kept), kept), track, program.ModelsDir());
    fmt::print(
        "At rest in {} frames: points of the mask tremble by {:.3f} px RMS, of the mesh by "
        "{:.3f} px.\n",
        steadiness.frames, steadiness.mask_px_rms, steadiness.mesh_px_rms);
  }
  return kExitDone;
}

int MeasureCommand(const Program& program, const MeasureArguments& arguments) {
  const ComponentChoice choice =
      Choose(program.components->observers, arguments.observer, arguments.options);
  const std::string extension = arguments.to.extension().string();
  if (!arguments.to.empty() && extension != ".json" && extension != ".csv") {
    throw UsageError(fmt::format("--to {} must end in .json or .csv.", arguments.to.string()));
  }
  const NetworkLibrary networks(program.ModelsDir());
  const std::unique_ptr<Observer> observer =
      program.components->observers.Make(choice, {&networks});
  const TemporaryFolder folder;
  const fs::path track = folder.path() / "faces.track";
  const Recording recording{"single", fs::absolute(arguments.input), ProbeMedia(arguments.input)};
  TrackFaces(program, arguments.input, track);
  const Observations seen = observer->Observe(recording, track);
  const double rate_hz = recording.info.rate.hz();
  fmt::print("{}: {} frames, {} with a face, {:g} frames per second, by {}\n\n",
             arguments.input.string(), seen.frames, seen.frames_with_face, rate_hz, choice.type);
  PrintValues(seen.values);
  Json blinks = Json::array();
  for (const MeasureSeries& series : seen.series) {
    if (series.name != "blinking") continue;
    for (size_t i = 0; i < series.values.size(); ++i) {
      if (series.values[i] != 1) continue;
      const size_t first = i;
      while (i + 1 < series.values.size() && series.values[i + 1] == 1) ++i;
      blinks.push_back({{"first_frame", first}, {"last_frame", i}});
      fmt::print("blink: frames {} to {} ({:.2f} s)\n", first, i,
                 static_cast<double>(first) / rate_hz);
    }
  }
  if (extension == ".csv") {
    std::string text = CsvLine({"eye", "name", "unit", "frame", "time_s", "value"});
    for (const MeasureSeries& series : seen.series) {
      for (size_t i = 0; i < series.values.size(); ++i) {
        text += CsvLine({series.eye ? ToString(*series.eye) : "", series.name, series.unit,
                         std::to_string(i), NumberText(static_cast<double>(i) / rate_hz),
                         NumberText(series.values[i])});
      }
    }
    WriteFileAtomically(arguments.to, text);
  } else if (extension == ".json") {
    const auto number = [](double value) { return std::isnan(value) ? Json() : Json(value); };
    Json values = Json::array(), all = Json::array();
    for (const MeasureValue& value : seen.values) {
      values.push_back({{"eye", value.eye ? ToString(*value.eye) : ""},
                        {"name", value.name},
                        {"unit", value.unit},
                        {"value", number(value.value)},
                        {"low", number(value.low)},
                        {"high", number(value.high)},
                        {"note", value.note}});
    }
    for (const MeasureSeries& series : seen.series) {
      Json samples = Json::array();
      for (const double sample : series.values) samples.push_back(number(sample));
      all.push_back({{"eye", series.eye ? ToString(*series.eye) : ""},
                     {"name", series.name},
                     {"unit", series.unit},
                     {"values", samples}});
    }
    WriteJsonFile(arguments.to, {{"media", ToJson(recording.info)},
                                 {"observer", choice.type},
                                 {"options", choice.options},
                                 {"frames_with_face", seen.frames_with_face},
                                 {"values", values},
                                 {"blinks", blinks},
                                 {"series", all}});
  }
  if (!arguments.plot.empty()) WriteMeasurePlot(seen, rate_hz, arguments.plot);
  if (seen.frames_with_face == 0) throw DataError("no face was found in any frame.");
  return kExitDone;
}

}  // namespace maskbench
