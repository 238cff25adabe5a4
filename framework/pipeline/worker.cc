#include "maskbench/pipeline/worker.h"

#include <chrono>
#include <cstdlib>
#include <exception>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "maskbench/clinical/reader.h"
#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"
#include "maskbench/core/runtime.h"
#include "maskbench/masking/stored_file.h"
#include "maskbench/media/evenly_spread.h"
#include "maskbench/media/frame_source.h"
#include "maskbench/perception/face_track.h"
#include "maskbench/pipeline/plan.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

class StopWatch {
 public:
  double Seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

const Node& InputNode(const Plan& plan, const Node& node, Stage stage) {
  for (const int input : node.inputs) {
    if (plan.nodes[input].stage == stage) return plan.nodes[input];
  }
  throw Error(fmt::format("a {} node has no {} input.", ToString(node.stage), ToString(stage)));
}

/// A link to the node's companion under a name that tells nothing.
std::optional<fs::path> AnonymousCompanion(const Node& node, const fs::path& folder) {
  if (node.companion.empty()) return std::nullopt;
  const fs::path link = folder / ("companion" + fs::path(node.companion).extension().string());
  fs::create_symlink(fs::absolute(node.companion), link);
  return link;
}

}  // namespace

const RecordingMaker& LazyRecordingMaker::Get() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!open_) open_ = maker_.Open(places_);
  return *open_;
}

Worker::Worker(const RunContext& context) : context_(context) {}
Worker::~Worker() = default;

NodeResult Worker::Do(const Node& node, const std::vector<const NodeOutcome*>& inputs,
                      const Observations* seen) {
  // A folder that only this node uses; what an interrupted run left there is thrown away.
  const fs::path folder = context_.out / "work" / node.key.substr(0, 16);
  const StopWatch watch;
  const double cpu_before = ThreadCpuSeconds();
  NodeResult result;
  try {
    fs::remove_all(folder);
    fs::create_directories(folder);
    result = Try(node, inputs, seen, folder);
  } catch (const std::exception& error) {
    result = {};
    result.outcome.status = NodeStatus::kFailed;
    result.outcome.reason = error.what();
  }
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  result.outcome.wall_s = watch.Seconds();
  result.outcome.cpu_s = ThreadCpuSeconds() - cpu_before;
  return result;
}

NodeResult Worker::Try(const Node& node, const std::vector<const NodeOutcome*>& inputs,
                       const Observations* seen, const fs::path& folder) {
  NodeResult result;
  const auto input_file = [&](size_t index) { return context_.out / inputs[index]->artefact; };
  switch (node.stage) {
    case Stage::kRender:
      Render(node, folder, &result.outcome);
      break;
    case Stage::kPerceive:
      Perceive(input_file(0), folder / "faces.track", &result.outcome);
      Keep(node, folder / "faces.track", &result.outcome);
      break;
    case Stage::kReconstruct: {
      const fs::path made = folder / "reconstruction.msgpack";
      const Recording recording = Anonymous(node, input_file(0));
      result.outcome.notes = ReconstructorFor(node).Reconstruct({recording, input_file(1), made});
      result.outcome.frames = recording.info.frame_count;
      Keep(node, made, &result.outcome);
      break;
    }
    case Stage::kMask: {
      const MaskJob job = JobOf(node, inputs, folder);
      const MaskReport report = MaskerFor(node).Mask(job);
      if (!fs::exists(job.output) || fs::file_size(job.output) == 0) {
        throw DataError("the method wrote no file.");
      }
      const int64_t wanted = job.frames.empty() ? job.recording.info.frame_count
                                                : static_cast<int64_t>(job.frames.size());
      if (report.frames != wanted) {
        throw DataError(fmt::format(
            "the method delivered {} frames; the recording has {}{}.", report.frames,
            job.recording.info.frame_count,
            job.frames.empty() ? std::string()
                               : fmt::format(", of which {} were to be delivered", wanted)));
      }
      result.outcome.frames = report.frames;
      result.outcome.notes = report.notes;
      if (report.frames_blanked > 0) result.outcome.notes["frames_blanked"] = report.frames_blanked;
      for (const cv::Point2f& origin : report.origins_px)
        result.outcome.notes["origins_px"].push_back({origin.x, origin.y});
      Keep(node, job.output, &result.outcome);
      KeepStored(StoredBeside(job.output), &result.outcome);
      break;
    }
    case Stage::kObserve: {
      auto& [observer, options] = observers_[node.observer];
      // Most options are the configuration's; some are the recording's.
      if (!observer || options != node.options) {
        options = node.options;
        observer = context_.components->observers.Make(
            {node.component, node.observer, node.options}, {context_.networks});
      }
      result.observations = seen != nullptr ? ObserveFrom(observer.get(), *seen)
                                            : observer->Observe(Anonymous(node, input_file(0)),
                                                                TrackFor(inputs, folder));
      result.outcome.frames = result.observations.frames;
      break;
    }
    case Stage::kTime:
      Time(node, inputs, &result);
      break;
  }
  return result;
}

void Worker::Render(const Node& node, const fs::path& folder, NodeOutcome* outcome) {
  const LabelledRecording& recording = *context_.dataset->FindRecording(node.recording);
  ReadOptions options;
  options.image_rate_hz = recording.rate_hz;
  options.first_frame = recording.first_frame;
  options.frame_count = recording.frame_count;
  fs::path recorded;
  if (context_.recording_maker != nullptr) {
    recorded = folder / "recorded.mp4";
    const fs::path truth = folder / "truth.msgpack";
    context_.recording_maker->Get().Make(node.options, recorded, truth);
    KeepTruth(node, truth, outcome);
  } else {
    recorded = CheckedFile(recording, context_.dataset_root);
    if (!recording.frame_truth.empty())
      KeepTruth(node, JoinInside(context_.dataset_root, recording.frame_truth), outcome);
  }
  const std::unique_ptr<FrameSource> source = OpenFrames(recorded, options);
  const MediaInfo& info = source->info();
  // Lossless, so that every variant starts from the same pixels; no name or date comes along.
  const fs::path file = folder / "source.mkv";
  const std::unique_ptr<VideoWriter> writer =
      VideoWriter::Intermediate(file, {info.width_px, info.height_px}, info.rate);
  Frame frame;
  while (source->Next(&frame)) writer->Write(frame.bgr);
  outcome->frames = writer->Finish();
  outcome->notes["media"] = ToJson(info);
  Keep(node, file, outcome);
}

void Worker::Perceive(const fs::path& source, const fs::path& track, NodeOutcome* outcome) {
  if (!tracker_) {
    tracker_ = std::make_unique<FaceTracker>(*context_.networks, context_.config->perception);
  }
  tracker_->Reset();
  const std::unique_ptr<FrameSource> frames = OpenFrames(source);
  FaceTrackWriter writer(track, frames->info());
  Frame frame;
  int64_t with_face = 0;
  while (frames->Next(&frame)) {
    const FaceObservation face = tracker_->Process(frame.bgr);
    with_face += face.has_face() ? 1 : 0;
    writer.Write(face);
    ++outcome->frames;
  }
  writer.Finish();
  outcome->notes["frames_with_face"] = with_face;
}

Recording Worker::Anonymous(const Node& node, const fs::path& file) const {
  return {node.anonymous_id, file, ProbeMedia(file)};
}

std::optional<fs::path> Worker::TruthForOracle(const Node& node, const fs::path& folder) const {
  if (!context_.components->maskers.Info(node.component).needs_truth) return std::nullopt;
  const fs::path kept = context_.out / FrameTruthFile(node.recording);
  if (!fs::exists(kept)) return std::nullopt;
  const fs::path link = folder / "truth.msgpack";
  fs::create_symlink(fs::absolute(kept), link);
  return link;
}

std::string Worker::PatientOf(const Node& node) const {
  if (!context_.components->maskers.Info(node.component).needs_patient) return "";
  return AnonymousPatient(context_.dataset->FindRecording(node.recording)->subject);
}

Masker& Worker::MaskerFor(const Node& node) {
  std::unique_ptr<Masker>& masker = maskers_[node.variant];
  if (!masker) {
    // The companion is the plan's; the component's own options stand in the configuration.
    for (const ComponentChoice& variant : context_.config->variants) {
      if (variant.name == node.variant) {
        masker = context_.components->maskers.Make(
            variant, {context_.config->delivery, context_.networks, context_.config->perception});
      }
    }
  }
  return *masker;
}

Reconstructor& Worker::ReconstructorFor(const Node& node) {
  std::unique_ptr<Reconstructor>& reconstructor =
      reconstructors_[node.component + " " + CanonicalJson(node.options)];
  if (!reconstructor) {
    reconstructor = context_.components->reconstructors.Make(
        {node.component, node.component, node.options}, {context_.networks});
  }
  return *reconstructor;
}

MaskJob Worker::JobOf(const Node& node, const std::vector<const NodeOutcome*>& inputs,
                      const fs::path& folder) {
  MaskJob job;
  job.recording = Anonymous(node, context_.out / inputs[0]->artefact);
  job.track = context_.out / inputs[1]->artefact;
  if (inputs.size() > 2) job.reconstruction = context_.out / inputs[2]->artefact;
  job.output = folder / ("masked" + MaskerFor(node).Extension(job.recording));
  job.companion = AnonymousCompanion(node, folder);
  job.truth = TruthForOracle(node, folder);
  job.patient = PatientOf(node);
  job.seed = context_.config->seed;
  if (context_.config->frames > 0) {
    job.frames = EvenlySpread(job.recording.info.frame_count, context_.config->frames);
    job.pictures = [this, file = job.recording.file,
                    frames = job.frames]() -> const std::vector<cv::Mat>& {
      return PicturesOf(file, frames);
    };
  }
  return job;
}

const std::vector<cv::Mat>& Worker::PicturesOf(const fs::path& file,
                                               const std::vector<int64_t>& frames) {
  if (pictured_file_ == file && pictured_frames_ == frames) return pictures_;
  pictured_file_.clear();
  pictures_.clear();
  const std::unique_ptr<FrameSource> source = OpenFrames(file);
  int64_t read = 0;
  for (const int64_t wanted : frames) {
    for (; read < wanted; ++read) source->Skip();
    ++read;
    Frame frame;
    if (!source->Next(&frame)) throw DataError("the recording ends before its last chosen frame.");
    pictures_.push_back(frame.bgr);
  }
  pictured_file_ = file;
  pictured_frames_ = frames;
  return pictures_;
}

fs::path Worker::TrackFor(const std::vector<const NodeOutcome*>& inputs,
                          const fs::path& folder) const {
  const fs::path delivered = context_.out / inputs[1]->artefact;
  if (inputs.size() < 3) return delivered;
  const NodeOutcome& mask = *inputs[0];
  const MediaInfo info = ProbeMedia(context_.out / mask.artefact);
  FaceTrackReader found(delivered), original(context_.out / inputs[2]->artefact);
  std::vector<int64_t> frames;
  if (context_.config->frames > 0)
    frames = EvenlySpread(original.frame_count(), context_.config->frames);
  const Json origins = mask.notes.value("origins_px", Json::array());
  // Encoders extend odd sides by a pixel.
  const cv::Size before = original.picture_px();
  const bool same_place =
      std::abs(info.width_px - before.width) <= 1 && std::abs(info.height_px - before.height) <= 1;
  const fs::path track = folder / "faces.track";
  FaceTrackWriter writer(track, info);
  for (FaceObservation face; found.Next(&face);) {
    if (!face.has_face()) {
      const auto k = static_cast<size_t>(face.frame);
      FaceObservation carried;
      original.Seek(frames.empty() ? face.frame : frames.at(k));
      if (original.Next(&carried) && carried.has_face()) {
        if (origins.empty() && !same_place) {
          throw DataError(
              "the method delivers frames of another size and does not say which part of the "
              "original they show, so no landmarks can be carried over.");
        }
        const cv::Point2f origin = origins.empty() ? cv::Point2f(0, 0)
                                                   : cv::Point2f(origins.at(k).at(0).get<float>(),
                                                                 origins.at(k).at(1).get<float>());
        face = Moved(carried, -origin);
        face.status = FaceStatus::kCarried;
      }
    }
    writer.Write(face);
  }
  writer.Finish();
  return track;
}

void Worker::Keep(const Node& node, const fs::path& file, NodeOutcome* outcome) const {
  std::string name = node.stage == Stage::kRender || node.variant.empty() ? "source" : node.variant;
  if (node.stage == Stage::kReconstruct) name = "reconstruction";
  name += "-" + node.key.substr(0, 8);
  const fs::path kept =
      fs::path("artefacts") / node.anonymous_id /
      (name + (node.stage == Stage::kRender ? fs::path(".mkv") : file.extension()).string());
  outcome->artefact_sha256 = Sha256OfFile(file);
  outcome->artefact = kept.string();
  fs::create_directories((context_.out / kept).parent_path());
  fs::rename(file, context_.out / kept);
}

void Worker::KeepStored(const fs::path& stored, NodeOutcome* outcome) const {
  if (!fs::exists(stored)) return;
  outcome->notes["stored_sha256"] = Sha256OfFile(stored);
  fs::rename(stored, context_.out / StoredBeside(outcome->artefact));
}

void Worker::KeepTruth(const Node& node, const fs::path& truth, NodeOutcome* outcome) const {
  const fs::path kept = context_.out / FrameTruthFile(node.recording);
  if (!fs::exists(truth)) {
    throw DataError(fmt::format("the truth of its frames, {}, does not exist.", truth.string()));
  }
  fs::create_directories(kept.parent_path());
  WriteFileAtomically(kept, ReadFile(truth));
  outcome->notes["truth_sha256"] = Sha256OfFile(kept);
}

int64_t Worker::MaskWhole(const Node& node, const fs::path& source, const fs::path& folder,
                          std::map<std::string, double>* seconds_by_stage) {
  fs::create_directories(folder);
  NodeOutcome ignored;
  Masker& masker = MaskerFor(node);
  MaskJob job;
  job.recording = Anonymous(node, source);
  if (!masker.FindsFaces()) {
    job.track = folder / "faces.track";
    const StopWatch perceive;
    Perceive(source, job.track, &ignored);
    (*seconds_by_stage)["perceive"] += perceive.Seconds();
  }
  job.output = folder / ("masked" + masker.Extension(job.recording));
  job.seed = context_.config->seed;
  job.companion = AnonymousCompanion(InputNode(*context_.plan, node, Stage::kMask), folder);
  job.truth = TruthForOracle(node, folder);
  job.patient = PatientOf(node);
  const StopWatch masking;
  const int64_t frames = masker.Mask(job).frames;
  (*seconds_by_stage)["mask"] += masking.Seconds();
  return frames;
}

void Worker::WarmUp(const Node& node, const fs::path& source,
                    const std::vector<std::unique_ptr<Worker>>& workers) {
  constexpr int64_t kFrames = 20;
  const TemporaryFolder folder;
  const fs::path start = folder.path() / "start.mkv";
  const std::unique_ptr<FrameSource> frames = OpenFrames(source);
  const MediaInfo& info = frames->info();
  const std::unique_ptr<VideoWriter> writer =
      VideoWriter::Intermediate(start, {info.width_px, info.height_px}, info.rate);
  Frame frame;
  while (frames->Next(&frame) && frame.index < kFrames) writer->Write(frame.bgr);
  writer->Finish();
  for (const std::unique_ptr<Worker>& worker : workers) {
    std::map<std::string, double> ignored;
    try {
      worker->MaskWhole(node, start, folder.path() / "masked", &ignored);
    } catch (const Error&) {
      // A method that refuses the short recording is timed cold.
    }
    fs::remove_all(folder.path() / "masked");
  }
}

void Worker::Time(const Node& node, const std::vector<const NodeOutcome*>& inputs,
                  NodeResult* result) {
  const fs::path source = context_.out / inputs[0]->artefact;
  const int worker_count = node.options["workers"];
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<std::map<std::string, double>> stages(worker_count);
  std::vector<std::string> failures(worker_count);
  std::vector<int64_t> frames(worker_count, 0);
  for (int i = 0; i < worker_count; ++i) workers.push_back(std::make_unique<Worker>(context_));
  const auto pass = [&] {
    std::vector<std::thread> threads;
    for (int i = 0; i < worker_count; ++i) {
      threads.emplace_back([&, i] {
        try {
          const TemporaryFolder folder;
          stages[i].clear();
          frames[i] = workers[i]->MaskWhole(node, source, folder.path(), &stages[i]);
        } catch (const std::exception& error) {
          failures[i] = error.what();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const std::string& failure : failures) {
      if (!failure.empty()) throw DataError(failure);
    }
  };
  WarmUp(node, source, workers);
  ResetPeakMemory();
  const StopWatch watch;
  pass();
  result->outcome.notes["seconds"] = watch.Seconds();
  result->outcome.peak_memory_bytes = PeakMemoryBytes();
  double perceive_s = 0, mask_s = 0;
  for (int i = 0; i < worker_count; ++i) {
    result->outcome.frames += frames[i];
    perceive_s += stages[i]["perceive"];
    mask_s += stages[i]["mask"];
  }
  result->outcome.notes["perceive_seconds"] = perceive_s;
  result->outcome.notes["mask_seconds"] = mask_s;
}

}  // namespace maskbench
