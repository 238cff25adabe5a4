// The recipe of the learned reader: draw patients, train the frame network on single pictures, read
// recordings of other patients with it, train the time network on these, write down what was
// reached on patients that neither has seen.
#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/nn/half_weights.h"
#include "maskbench/nn/import.h"
#include "maskbench/nn/network_library.h"
#include "maskbench/pipeline/network_trainer.h"

#include "datasets/virtual_clinic/studio.h"
#include "experiments/training/learned_reader/frame_trainer.h"
#include "experiments/training/learned_reader/reader_evaluation.h"
#include "experiments/training/learned_reader/reader_recipe.h"
#include "experiments/training/learned_reader/reading_drawer.h"
#include "experiments/training/learned_reader/time_trainer.h"

namespace maskbench {
namespace {

namespace fs = std::filesystem;
using training::ReaderCase;
using training::ReadingUse;

constexpr int kFewestPatients = 5, kFewestSteps = 20;
// The delivered reader looks at both eyes of a frame at once and at one window at a time.
constexpr int kFrameBatch = 2, kTimeBatch = 1;
// Readings of a training recording: as it is, and with its pictures changed.
constexpr int kReadingsEach = 2;
constexpr int kUsualWidthPx = 640;

class Training {
 public:
  Training(const MakerPlaces& places, const NetworkTrainer::Request& request,
           const NetworkTrainer::Progress& progress)
      : places_(places),
        request_(request),
        choice_(training::ReaderRecipeOptions::Parse(request.options)),
        progress_(progress),
        folder_(request.folder) {
    fs::create_directories(folder_);
    command_ = fmt::format("maskbench train learned_reader --seed {} --effort {}{}", request.seed,
                           request.effort, choice_.CommandText());
    CheckCommand();
  }

  std::vector<fs::path> Run() {
    Draw();
    const auto module_of_frames = TrainFrames();
    const std::unique_ptr<Network> frames =
        Network::Load(module_of_frames, ReaderFrameContract(), kFrameBatch);
    const fs::path module_of_time = TrainTime(frames.get());
    const std::unique_ptr<Network> time =
        Network::Load(module_of_time, ReaderTimeContract(), kTimeBatch);
    WriteCard(frames.get(), time.get());
    return {folder_ / "reader_frame.weights", folder_ / "reader_time.weights",
            folder_ / "history.json", folder_ / "evaluation.json", folder_ / "model_card.md"};
  }

 private:
  /// A folder belongs to one command: what another one drew and learned would be gone on with.
  void CheckCommand() const {
    const fs::path file = folder_ / "recipe.json";
    if (fs::exists(file)) {
      const std::string before = ReadJsonFile(file).value("command", "");
      if (before != command_)
        throw UsageError(fmt::format("{} holds a training by `{}`; choose another folder.",
                                     folder_.string(), before));
    }
    WriteJsonFile(file, {{"command", command_}});
  }

  int Share(int whole, int least) const {
    return std::max(least, static_cast<int>(std::lround(whole * request_.effort)));
  }

  int PatientsFor(ReadingUse use) const {
    switch (use) {
      case ReadingUse::kFrames:
        return Share(choice_.frame_patients, kFewestPatients);
      case ReadingUse::kRecordings:
        return Share(choice_.recording_patients, kFewestPatients);
      case ReadingUse::kValidation:
        return Share(choice_.validation_patients, kFewestPatients);
      case ReadingUse::kTest:
        return Share(choice_.test_patients, kFewestPatients);
      case ReadingUse::kExaminations:
        return Share(choice_.examination_patients, kFewestPatients);
    }
    return 0;
  }

  std::vector<fs::path> FilesFor(ReadingUse use) const {
    std::vector<fs::path> files;
    for (int k = 0; k < PatientsFor(use); ++k)
      for (const fs::path& file : training::ReadingFiles(folder_ / "readings", use, k))
        files.push_back(file);
    return files;
  }

  void Draw() const {
    const virtual_clinic::Studio studio(places_.models_dir, places_.npm_dir);
    const NetworkLibrary networks(places_.models_dir);
    for (const ReadingUse use :
         {ReadingUse::kFrames, ReadingUse::kValidation, ReadingUse::kRecordings,
          ReadingUse::kExaminations, ReadingUse::kTest}) {
      const int count = PatientsFor(use);
      const std::string phase = fmt::format("Drawing {} patients ({})", count, ToString(use));
      progress_(phase, 0, count, "");
      training::MakeReadings(studio, networks, use, request_.seed, count, choice_.second_share,
                             folder_ / "readings", request_.workers,
                             [&](int done, int total) { progress_(phase, done, total, "drawn"); });
    }
  }

  /// Rounds to 16 bits and writes weights and the module to run. Returns the module's file.
  fs::path Deliver(const LayerGraph& graph, const LayerGraph& untrained,
                   const NetworkContract& contract, const Json& more) {
    Json description = more;
    description["network"] = contract.name;
    description["command"] = command_;
    const fs::path file = folder_ / (contract.name + ".weights");
    const std::string packed = PackHalfWeights(graph, description);
    WriteFileAtomically(file, packed);
    const ImportReport report = WriteNetwork(UnpackHalfWeights(packed, untrained, file.string()),
                                             contract, description, folder_);
    tensors_ += fmt::format("{}`{}`: {} parameters, SHA-256 of the tensors `{}`",
                            tensors_.empty() ? "" : "; ", contract.name, report.parameter_count,
                            report.tensors_sha256);
    return report.module_file;
  }

  fs::path TrainFrames() {
    training::FrameTrainingOptions options;
    options.seed = request_.seed;
    options.steps = Share(choice_.frame_steps, kFewestSteps);
    const std::string phase = fmt::format("Training the frame network for {} steps", options.steps);
    progress_(phase, 0, options.steps, "");
    const training::TrainedFrameNetwork trained = training::TrainFrameNetwork(
        FilesFor(ReadingUse::kFrames), FilesFor(ReadingUse::kValidation), options,
        folder_ / "frame_checkpoint.pt",
        [&](int step, int steps, const std::string& what) { progress_(phase, step, steps, what); });
    history_["frames"] = trained.history;
    frame_errors_ = trained.validation;
    return Deliver(trained.graph, BuildReaderFrame(0), ReaderFrameContract(),
                   {{"validation", ToJson(trained.validation)}});
  }

  std::vector<ReaderCase> CasesFor(ReadingUse use, Network* frames, int readings) const {
    const std::vector<fs::path> files = FilesFor(use);
    const std::string phase =
        fmt::format("Reading {} recordings ({})", files.size(), ToString(use));
    std::vector<ReaderCase> cases;
    for (size_t k = 0; k < files.size(); ++k) {
      if (frames != nullptr)
        progress_(phase, static_cast<int>(k), static_cast<int>(files.size()), "");
      const training::ReadingShard shard = training::ReadReadingShard(files[k]);
      cases.push_back(CaseOf(shard));
      for (int again = 0; frames != nullptr && again < readings; ++again) {
        NamedRandom random(request_.seed, fmt::format("{} {}", files[k].stem().string(), again),
                           "reader recording changes");
        cases.back().readings.push_back(
            training::ReadShard(shard, frames, again == 0 ? nullptr : &random));
      }
    }
    return cases;
  }

  fs::path TrainTime(Network* frames) {
    const auto recordings = CasesFor(ReadingUse::kRecordings, frames, kReadingsEach);
    const auto validation = CasesFor(ReadingUse::kValidation, frames, 1);
    const auto examinations = CasesFor(ReadingUse::kExaminations, nullptr, 0);
    training::TimeTrainingOptions options;
    options.seed = request_.seed;
    options.steps = Share(choice_.time_steps, kFewestSteps);
    const std::string phase = fmt::format("Training the time network for {} steps", options.steps);
    progress_(phase, 0, options.steps, "");
    const training::TrainedTimeNetwork trained = training::TrainTimeNetwork(
        recordings, examinations, validation, options, folder_ / "time_checkpoint.pt",
        [&](int step, int steps, const std::string& what) { progress_(phase, step, steps, what); });
    history_["time"] = trained.history;
    WriteJsonFile(folder_ / "history.json", history_);
    return Deliver(trained.graph, BuildReaderTime(0), ReaderTimeContract(), Json::object());
  }

  void WriteCard(Network* frames, Network* time) const {
    const auto cases = CasesFor(ReadingUse::kTest, frames, 1);
    const std::vector<training::ReaderAnswer> answers = training::AnswersOf(cases, time);
    const auto groups = training::GroupsOf(answers, kUsualWidthPx);
    Json evaluation = {{"patients", PatientsFor(ReadingUse::kTest)}};
    for (const training::ReaderGroup& group : groups)
      evaluation["groups"][group.name] = training::ReaderAccuracy(group.answers);
    Json grades = Json::object();
    for (const training::ReaderGroup& group : groups)
      if (group.name == fmt::format("pictures {} px wide", kUsualWidthPx))
        grades = training::GradeAccuracy(group.answers);
    evaluation["grades"] = grades;
    WriteJsonFile(folder_ / "evaluation.json", evaluation);
    std::string grade_text;
    for (const auto& item : grades.items())
      grade_text +=
          fmt::format("{}`{}` {} of {}", grade_text.empty() ? "" : ", ", item.key(),
                      item.value().at("right").get<int>(), item.value().at("of").get<int>());
    const auto seed_of = [&](ReadingUse use) { return SeedOf(use, request_.seed); };
    WriteFileAtomically(
        folder_ / "model_card.md",
        fmt::format(
            "# learned_reader\n\nMade by `{}`. {}; 16-bit floats.\n\n## What it was made from\n\n"
            "Rendered patients of the virtual clinic, **originals alone: no masked recording was "
            "used for training, validation or testing**, and nothing of the eye network, the "
            "eyeball "
            "fit or any mask. Seeds: {} patients of seed {} (single pictures, frame network), {} "
            "of "
            "seed {} (recordings, time network), {} of seed {} (examinations without pictures, "
            "time "
            "network), {} of seed {} (watched during training), {} of seed {} (below, once). "
            "Pictures of training are changed at random: tones, light, blur, noise, coarseness, "
            "coding, texture, place of the crop.\n\nThe frame network on the watched patients: "
            "MRD1 "
            "off by {:.2f} mm, MRD2 by {:.2f} mm, gaze by {:.1f}° across and {:.1f}° up and down "
            "(mean absolute errors, irises of 11.7 mm).\n\n## On unseen patients\n\n{} patients, "
            "8 s, 30 frames a second, both eyes; smaller pictures are the same ones resized. "
            "Groups "
            "below the widths are of pictures {} px wide. Intervals are 95 % and over patients.\n\n"
            "{}\nGrade or kind right among eyes rightly called present: {}.\n",
            command_, tensors_, PatientsFor(ReadingUse::kFrames), seed_of(ReadingUse::kFrames),
            PatientsFor(ReadingUse::kRecordings), seed_of(ReadingUse::kRecordings),
            PatientsFor(ReadingUse::kExaminations), seed_of(ReadingUse::kExaminations),
            PatientsFor(ReadingUse::kValidation), seed_of(ReadingUse::kValidation),
            PatientsFor(ReadingUse::kTest), seed_of(ReadingUse::kTest), frame_errors_.mrd1_mm,
            frame_errors_.mrd2_mm, frame_errors_.nasal_deg, frame_errors_.up_deg,
            PatientsFor(ReadingUse::kTest), kUsualWidthPx, training::AccuracyTable(groups),
            grade_text));
  }

  const MakerPlaces& places_;
  const NetworkTrainer::Request& request_;
  const training::ReaderRecipeOptions choice_;
  const NetworkTrainer::Progress& progress_;
  const fs::path folder_;
  std::string command_, tensors_;
  Json history_ = Json::object();
  training::FrameErrors frame_errors_;
};

class LearnedReaderTrainer : public NetworkTrainer {
 public:
  std::string Name() const override { return "learned_reader"; }
  std::string Summary() const override { return "diagnoses from pictures of eyes over time"; }

  std::vector<OptionDoc> Options() const override {
    return training::ReaderRecipeOptions::Options().Docs();
  }

  std::vector<fs::path> Train(const MakerPlaces& places, const Request& request,
                              const Progress& progress) const override {
    return Training(places, request, progress).Run();
  }
};

}  // namespace

void RegisterLearnedReaderTrainer(NetworkTrainers* trainers) {
  trainers->push_back(std::make_unique<LearnedReaderTrainer>());
}

}  // namespace maskbench
