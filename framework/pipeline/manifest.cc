#include "maskbench/pipeline/manifest.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"
#include "maskbench/core/text.h"
#include "maskbench/media/frame_source.h"

namespace maskbench {

const OptionTable<EyeTruth>& EyeTruth::Options() {
  static const auto table =
      OptionTable<EyeTruth>()
          .Add("labels", &EyeTruth::labels,
               "Condition or sign → label, e.g. {\"ptosis\": \"mild\"}.")
          .Add("truth", &EyeTruth::truth,
               "Measure with its unit in the name → number, e.g. {\"mrd1_mm\": 1.5}.");
  return table;
}

const OptionTable<Subject>& Subject::Options() {
  static const auto table =
      OptionTable<Subject>()
          .Add("id", &Subject::id, "Unique, neutral name.", {Required(), NotEmpty()})
          .Add("split", &Subject::split,
               "What the subject's recordings may be used for. Splits are by subject.",
               {OneOf({"train", "tune", "test"})})
          .Add("description", &Subject::description, "What a reader may know, without a name.")
          .Add("attributes", &Subject::attributes,
               "What the person is, a text or a number each, e.g. {\"sex\": \"female\", "
               "\"age_years\": 61}; what attackers try to read off masks.");
  return table;
}

const OptionTable<LabelledRecording>& LabelledRecording::Options() {
  using R = LabelledRecording;
  static const auto table =
      OptionTable<R>()
          .Add("id", &R::id, "Unique name.", {Required(), NotEmpty()})
          .Add("subject", &R::subject, "Id of the person filmed.", {Required(), NotEmpty()})
          .Add("session", &R::session, "Recordings made on one occasion share it.")
          .Add("path", &R::path, "Video, image or folder of images, relative to the root.",
               {Required(), NotEmpty()})
          .Add("sha256", &R::sha256,
               "Of the whole file, lower-case hexadecimal; empty only where a maker draws it.",
               {Required()})
          .Add("rate_hz", &R::rate_hz,
               "Frames per second as the file has them; sets it for images.", {Range(0.1, 1000)})
          .Add("first_frame", &R::first_frame, "Where the recording starts in the file, frames.",
               {AtLeast(0)})
          .Add("frame_count", &R::frame_count, "Its length, frames; null goes to the file's end.",
               {AtLeast(1)})
          .Add("filmed", &R::filmed, "What can be seen.")
          .Add("frame_truth", &R::frame_truth,
               "MessagePack file with the truth of every frame, relative to the root; virtual "
               "recordings only.")
          .Add("right", &R::right, "The patient's right eye.")
          .Add("left", &R::left, "The patient's left eye.");
  return table;
}

const OptionTable<DatasetPair>& DatasetPair::Options() {
  static const auto table =
      OptionTable<DatasetPair>()
          .Add("fold", &DatasetPair::fold,
               "Pairs of one fold are judged by a threshold that all other folds gave.",
               {Range(1, 1000)})
          .Add("first", &DatasetPair::first, "Id of a recording.", {Required(), NotEmpty()})
          .Add("second", &DatasetPair::second, "Id of another one.", {Required(), NotEmpty()});
  return table;
}

const OptionTable<Dataset>& Dataset::Options() {
  static const auto table =
      OptionTable<Dataset>()
          .Add("format", &Dataset::format, "Says what the file is.",
               {Required(), OneOf({"maskbench-dataset"})})
          .Add("format_version", &Dataset::format_version, "Of this format.",
               {Required(), Range(1, 1)})
          .Add("name", &Dataset::name, "Short name in figures.", {Required(), NotEmpty()})
          .Add("version", &Dataset::version, "Of the data set.", {Required(), NotEmpty()})
          .Add("title", &Dataset::title, "One line for reports.")
          .Add("kind", &Dataset::kind, "Real people filmed, or rendered ones.",
               {Required(), OneOf({"real", "virtual"})})
          .Add("root", &Dataset::root,
               "Where paths start: \".\" is the manifest's folder, \"assets\" the folder of "
               "fetched assets.",
               {OneOf({".", "assets"})})
          .Add("provenance", &Dataset::provenance, "Where the recordings come from.", {Required()})
          .Add("licence", &Dataset::licence, "On what terms they may be used.", {Required()})
          .Add("show_originals", &Dataset::show_originals,
               "Whether reports may show frames of the original recordings.")
          .Add("notes", &Dataset::notes, "What a reader of results must know.")
          .Add("made", &Dataset::made,
               "With a maker: recordings are no files; a run draws them when it needs them.")
          .Add("subjects", &Dataset::subjects, "The people.", {Required(), NotEmpty()})
          .Add("recordings", &Dataset::recordings, "The videos.", {Required(), NotEmpty()})
          .Add("pairs", &Dataset::pairs,
               "Pairs of recordings that a published protocol compares, in folds.")
          .Check([](const Dataset& dataset, const std::string&, Problems* problems) {
            std::set<std::string> subjects, recordings;
            for (const Subject& subject : dataset.subjects) {
              if (!subjects.insert(subject.id).second) {
                problems->Add("subjects", fmt::format("name \"{}\" twice", subject.id));
              }
            }
            for (const LabelledRecording& recording : dataset.recordings) {
              if (!recordings.insert(recording.id).second) {
                problems->Add("recordings", fmt::format("name \"{}\" twice", recording.id));
              }
              if (subjects.count(recording.subject) == 0) {
                problems->Add("recordings",
                              fmt::format("\"{}\" is of the subject \"{}\", which is not listed",
                                          recording.id, recording.subject));
              }
              const bool hexadecimal =
                  recording.sha256.size() == 64 &&
                  recording.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
              if (!hexadecimal && (dataset.made.maker.empty() || !recording.sha256.empty())) {
                problems->Add("recordings",
                              fmt::format("\"{}\" has a sha256 that is not 64 lower-case "
                                          "hexadecimal digits",
                                          recording.id));
              }
            }
            for (const DatasetPair& pair : dataset.pairs) {
              for (const std::string& id : {pair.first, pair.second}) {
                if (recordings.count(id) == 0) {
                  problems->Add("pairs", fmt::format("name \"{}\", which is no recording", id));
                }
              }
              if (pair.first == pair.second) {
                problems->Add(
                    "pairs", fmt::format("compare \"{}\" with itself; a recording is compared with "
                                         "another one",
                                         pair.first));
              }
            }
          });
  return table;
}

const Subject* Dataset::FindSubject(const std::string& id) const {
  const auto found = std::find_if(subjects.begin(), subjects.end(),
                                  [&](const Subject& subject) { return subject.id == id; });
  return found == subjects.end() ? nullptr : &*found;
}

const LabelledRecording* Dataset::FindRecording(const std::string& id) const {
  const auto found =
      std::find_if(recordings.begin(), recordings.end(),
                   [&](const LabelledRecording& recording) { return recording.id == id; });
  return found == recordings.end() ? nullptr : &*found;
}

std::filesystem::path DatasetRoot(const Dataset& dataset, const std::filesystem::path& manifest,
                                  const std::filesystem::path& assets_dir) {
  return dataset.root == "assets" ? assets_dir : std::filesystem::absolute(manifest).parent_path();
}

Dataset ParseManifest(const Json& json, const std::string& name) {
  Problems problems;
  Dataset dataset = Dataset::Options().Parse(json, "", &problems);
  problems.ThrowIfAny(name);
  return dataset;
}

Dataset ReadManifest(const std::filesystem::path& manifest) {
  return ParseManifest(ReadJsonFile(manifest), manifest.string());
}

std::filesystem::path CheckedFile(const LabelledRecording& recording,
                                  const std::filesystem::path& root) {
  std::filesystem::path file = JoinInside(root, recording.path);
  if (!std::filesystem::exists(file)) {
    throw DataError(fmt::format("the file {} does not exist.", file.string()));
  }
  // A folder of images is hashed as the list of its files' names and hashes.
  std::string sha256;
  if (std::filesystem::is_directory(file)) {
    std::set<std::string> lines;
    for (const auto& entry : std::filesystem::directory_iterator(file)) {
      if (!entry.is_regular_file()) continue;
      lines.insert(
          fmt::format("{}  {}\n", Sha256OfFile(entry.path()), entry.path().filename().string()));
    }
    sha256 = Sha256OfBytes(Join({lines.begin(), lines.end()}, ""));
  } else {
    sha256 = Sha256OfFile(file);
  }
  if (sha256 != recording.sha256) {
    throw DataError(fmt::format("the file {} has changed: its SHA-256 is {}, the manifest says {}.",
                                file.string(), sha256, recording.sha256));
  }
  return file;
}

Problems CheckFiles(const Dataset& dataset, const std::filesystem::path& root,
                    const std::function<void(const std::string&)>& progress) {
  Problems problems;
  for (const LabelledRecording& recording : dataset.recordings) {
    progress(recording.id);
    const std::string path = fmt::format("recording \"{}\":", recording.id);
    try {
      ReadOptions options;
      options.image_rate_hz = recording.rate_hz;
      options.first_frame = recording.first_frame;
      options.frame_count = recording.frame_count;
      const std::unique_ptr<FrameSource> frames = OpenFrames(CheckedFile(recording, root), options);
      const double rate_hz = frames->info().rate.hz();
      if (std::abs(rate_hz / recording.rate_hz - 1) > 1e-3) {
        problems.Add(path, fmt::format("the file has {} frames per second, the manifest says {}",
                                       rate_hz, recording.rate_hz));
      }
      Frame frame;
      while (frames->Next(&frame)) continue;
    } catch (const Error& error) {
      problems.Add(path, error.what());
    }
  }
  return problems;
}

}  // namespace maskbench
