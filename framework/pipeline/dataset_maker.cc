#include "maskbench/pipeline/dataset_maker.h"

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

/// Makes one recording, unless an earlier call did. @return the video's SHA-256.
std::string MakeOrFind(const RecordingMaker& maker, const std::string& key, const Json& recipe,
                       const LabelledRecording& recording, const fs::path& folder) {
  // Says what a finished recording was made from; written last.
  const fs::path note = folder / "parts" / (recording.id + ".json");
  const fs::path video = folder / recording.path, truth = folder / recording.frame_truth;
  if (fs::exists(note) && fs::exists(video) && fs::exists(truth)) {
    const Json before = Json::parse(ReadFile(note), nullptr, false);
    if (before.is_object() && before.value("key", "") == key &&
        before.value("sha256", "") == Sha256OfFile(video)) {
      return before["sha256"];
    }
  }
  maker.Make(recipe, video, truth);
  const std::string sha256 = Sha256OfFile(video);
  WriteFileAtomically(note, Json({{"key", key}, {"sha256", sha256}}).dump() + "\n");
  return sha256;
}

}  // namespace

const DatasetMaker& FindDatasetMaker(const DatasetMakers& makers, const std::string& name) {
  std::string known;
  for (const auto& maker : makers) {
    if (maker->Name() == name) return *maker;
    known += (known.empty() ? "" : ", ") + maker->Name();
  }
  throw UsageError(
      fmt::format("\"{}\" is no data set that can be made; there is {}.", name, known));
}

fs::path MakeDataset(const DatasetMaker& maker, const MakerPlaces& places,
                     const DatasetRecipe& recipe, const fs::path& folder, int workers,
                     const DatasetMaker::Progress& progress) {
  MadeDataset made = maker.Describe(recipe);
  std::vector<LabelledRecording>& recordings = made.dataset.recordings;
  const std::string fingerprint = maker.Fingerprint(places);
  const std::unique_ptr<const RecordingMaker> open = maker.Open(places);
  for (const LabelledRecording& recording : recordings) {
    fs::create_directories((folder / recording.path).parent_path());
    fs::create_directories((folder / recording.frame_truth).parent_path());
  }
  fs::create_directories(folder / "parts");

  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  int done = 0;
  const auto work = [&] {
    for (size_t k = next++; k < recordings.size(); k = next++) {
      const std::string key = Sha256OfBytes(CanonicalJson({{"version", maker.Version()},
                                                           {"raw material", fingerprint},
                                                           {"recipe", made.recipes[k]}}));
      try {
        recordings[k].sha256 = MakeOrFind(*open, key, made.recipes[k], recordings[k], folder);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex);
        if (!failure) failure = std::current_exception();
        next = recordings.size();
        return;
      }
      const std::lock_guard<std::mutex> lock(mutex);
      progress(++done, static_cast<int>(recordings.size()), recordings[k].id);
    }
  };
  std::vector<std::thread> threads;
  for (int k = 1; k < workers; ++k) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);

  made.dataset.made = DatasetRecipe();  // From now on they are files.
  WriteFileAtomically(folder / "DATA_CARD.md", made.data_card);
  fs::path manifest = folder / "manifest.json";
  WriteFileAtomically(manifest, Dataset::Options().ToJson(made.dataset).dump(2) + "\n");
  return manifest;
}

}  // namespace maskbench
