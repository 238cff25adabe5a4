#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"
#include "maskbench/core/rng.h"
#include "maskbench/pipeline/dataset_maker.h"
#include "maskbench/pipeline/manifest.h"

#include "datasets/virtual_clinic/contact_sheets.h"
#include "datasets/virtual_clinic/recorder.h"

namespace maskbench {
namespace {

using virtual_clinic::Condition;
using virtual_clinic::RecordingPlan;

// Raised whenever the same request makes other recordings.
constexpr int kVirtualClinicVersion = 1;

struct Preset {
  std::string name, summary;
  int subjects, recordings;
  double seconds;
  int width_px, height_px;
  bool sign_matched;
};

const std::vector<Preset>& AllPresets() {
  static const std::vector<Preset> presets = {
      {"quick", "12 subjects x 2 recordings of 4 s", 12, 2, 4, 640, 480, false},
      {"tiny", "5 subjects x 1 recording of 1.5 s, 320x240, for tests", 5, 1, 1.5, 320, 240, false},
      {"paper", "405 subjects x 1 examination of 12 s", 405, 1, 12, 640, 480, false},
      {"sign_matched", "20 subjects x 2 recordings; subjects of a condition share all signs", 20, 2,
       4, 640, 480, true}};
  return presets;
}

DatasetMaker::Request Complete(DatasetMaker::Request request, bool* sign_matched) {
  if (request.preset.empty()) request.preset = AllPresets().front().name;
  std::string known;
  for (const Preset& preset : AllPresets()) {
    known += (known.empty() ? "" : ", ") + preset.name;
    if (preset.name != request.preset) continue;
    if (request.subjects == 0) request.subjects = preset.subjects;
    if (request.recordings == 0) request.recordings = preset.recordings;
    if (request.seconds == 0) request.seconds = preset.seconds;
    if (request.width_px == 0) request.width_px = preset.width_px;
    if (request.height_px == 0) request.height_px = preset.height_px;
    *sign_matched = preset.sign_matched;
    return request;
  }
  throw UsageError(
      fmt::format("The virtual clinic has no preset \"{}\"; there is {}.", request.preset, known));
}

std::vector<RecordingPlan> Plans(const DatasetMaker::Request& request, bool sign_matched) {
  std::vector<RecordingPlan> plans;
  for (int subject = 0; subject < request.subjects; ++subject)
    for (int number = 0; number < request.recordings; ++number) {
      RecordingPlan plan;
      plan.seed = request.seed;
      plan.subject_id = fmt::format("p{:04}", subject + 1);
      plan.stratum = virtual_clinic::EvenStratum(request.seed, subject);
      // Five conditions against strata of six: after thirty subjects every pair has met.
      plan.condition = static_cast<Condition>(subject % 5);
      plan.number = number;
      if (sign_matched) plan.signs_id = fmt::format("signs {}", subject % 5);
      // Names tell nothing of subject or condition.
      NamedRandom random(request.seed, fmt::format("{} {}", plan.subject_id, number),
                         "recording id");
      plan.recording_id = fmt::format("r{:08x}", random.NextBits());
      plan.seconds = request.seconds;
      plan.width_px = request.width_px;
      plan.height_px = request.height_px;
      plans.push_back(plan);
    }
  return plans;
}

std::string KeyOf(const RecordingPlan& plan) {
  return Sha256OfBytes(fmt::format("{} {} {} {} {} {} {} {} {} {}", kVirtualClinicVersion,
                                   plan.seed, plan.subject_id, static_cast<int>(plan.condition),
                                   plan.number, plan.signs_id, plan.seconds, plan.rate_hz,
                                   plan.width_px, plan.height_px));
}

Dataset ManifestOf(const DatasetMaker::Request& request, const std::vector<RecordingPlan>& plans,
                   const std::vector<Json>& facts) {
  Dataset dataset;
  dataset.name = "virtual_clinic";
  dataset.version = fmt::format("{}.0.0", kVirtualClinicVersion);
  dataset.title = "Virtual clinic: rendered patients, no real people";
  dataset.kind = "virtual";
  dataset.provenance = fmt::format(
      "Made by `maskbench dataset make virtual_clinic --preset {} --patients {} --recordings {} "
      "--seconds {} --width {} --height {} --seed {}`. All people, signs and diseases are "
      "rendered; "
      "labels are the latent disease states from which the signs were drawn.",
      request.preset, request.subjects, request.recordings, request.seconds, request.width_px,
      request.height_px, request.seed);
  dataset.licence =
      "Pictures rendered from the assets listed in datasets/virtual_clinic/ASSETS.md.";
  dataset.show_originals = true;
  dataset.notes =
      "truth/ID.msgpack holds the truth of every frame; nothing that masks or measures may read "
      "it.";
  for (size_t k = 0; k < plans.size(); ++k) {
    const RecordingPlan& plan = plans[k];
    if (plan.number == 0) {
      Subject subject;
      subject.id = plan.subject_id;
      dataset.subjects.push_back(subject);
    }
    LabelledRecording recording;
    recording.id = plan.recording_id;
    recording.subject = plan.subject_id;
    recording.session = fmt::format("day{}", plan.number + 1);
    recording.path = "recordings/" + plan.recording_id + ".mp4";
    recording.sha256 = facts[k].at("sha256");
    recording.rate_hz = plan.rate_hz;
    recording.frame_count = facts[k].at("frames").get<std::int64_t>();
    recording.filmed = "virtual camera";
    for (const char* side : {"right", "left"}) {
      EyeTruth& eye = side == std::string("right") ? recording.right : recording.left;
      const Json& patient = facts[k].at("patient");
      eye.labels = patient.at(side).at("labels");
      eye.truth = patient.at(side).at("truth");
    }
    dataset.recordings.push_back(recording);
  }
  return dataset;
}

class VirtualClinic : public DatasetMaker {
 public:
  std::string Name() const override { return "virtual_clinic"; }
  std::string Summary() const override {
    return "Rendered patients with known identity and known signs; no real people.";
  }
  std::vector<std::pair<std::string, std::string>> Presets() const override {
    std::vector<std::pair<std::string, std::string>> presets;
    for (const Preset& preset : AllPresets()) presets.emplace_back(preset.name, preset.summary);
    return presets;
  }

  std::filesystem::path Make(const Places& places, const Request& asked,
                             const Progress& progress) const override {
    bool sign_matched = false;
    const Request request = Complete(asked, &sign_matched);
    const std::vector<RecordingPlan> plans = Plans(request, sign_matched);
    const virtual_clinic::Studio studio(places.models_dir, places.npm_dir);
    for (const char* folder : {"recordings", "truth", "parts"})
      std::filesystem::create_directories(request.folder / folder);

    std::vector<Json> facts(plans.size());
    std::atomic<size_t> next{0};
    std::mutex mutex;
    std::exception_ptr failure;
    int done = 0;
    const auto work = [&] {
      for (size_t k = next++; k < plans.size(); k = next++) {
        try {
          facts[k] = One(studio, plans[k], request.folder);
        } catch (...) {
          const std::lock_guard<std::mutex> lock(mutex);
          if (!failure) failure = std::current_exception();
          next = plans.size();
          return;
        }
        const std::lock_guard<std::mutex> lock(mutex);
        progress(++done, static_cast<int>(plans.size()), plans[k].recording_id);
      }
    };
    std::vector<std::thread> threads;
    for (int k = 1; k < request.workers; ++k) threads.emplace_back(work);
    work();
    for (std::thread& thread : threads) thread.join();
    if (failure) std::rethrow_exception(failure);

    const std::filesystem::path manifest = request.folder / "manifest.json";
    WriteFileAtomically(
        manifest, Dataset::Options().ToJson(ManifestOf(request, plans, facts)).dump(2) + "\n");
    return manifest;
  }

  std::vector<std::filesystem::path> DrawSheets(const Places& places, std::uint64_t seed,
                                                const std::filesystem::path& folder,
                                                const Progress& progress) const override {
    const virtual_clinic::Studio studio(places.models_dir, places.npm_dir);
    return virtual_clinic::DrawContactSheets(
        studio, seed, folder, [&](int done, int total) { progress(done, total, "drawing"); });
  }

 private:
  // The facts of a recording, made or found.
  static Json One(const virtual_clinic::Studio& studio, const RecordingPlan& plan,
                  const std::filesystem::path& folder) {
    const std::filesystem::path part = folder / "parts" / (plan.recording_id + ".json");
    const std::filesystem::path video = folder / "recordings" / (plan.recording_id + ".mp4");
    const std::filesystem::path truth = folder / "truth" / (plan.recording_id + ".msgpack");
    const std::string key = KeyOf(plan);
    if (std::filesystem::exists(part) && std::filesystem::exists(video) &&
        std::filesystem::exists(truth)) {
      const Json before = Json::parse(ReadFile(part), nullptr, false);
      if (before.is_object() && before.value("key", "") == key) return before.at("facts");
    }
    const Json facts = virtual_clinic::MakeRecording(studio, plan, video, truth);
    WriteFileAtomically(part, Json({{"key", key}, {"facts", facts}}).dump() + "\n");
    return facts;
  }
};

}  // namespace

void RegisterVirtualClinic(DatasetMakers* makers) {
  makers->push_back(std::make_unique<VirtualClinic>());
}

}  // namespace maskbench
