// The recipe of the eye network: draw crops of virtual eyes, train, round to 16 bits, write down
// what was reached.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/nn/eye_network.h"
#include "maskbench/nn/half_weights.h"
#include "maskbench/nn/import.h"
#include "maskbench/pipeline/network_trainer.h"

#include "datasets/virtual_clinic/studio.h"
#include "experiments/training/eye_network/crop_generator.h"
#include "experiments/training/eye_network/evaluation.h"
#include "experiments/training/eye_network/eye_recipe.h"
#include "experiments/training/eye_network/trainer.h"

namespace maskbench {
namespace {

namespace fs = std::filesystem;
using training::EyeErrors;

constexpr int kFramesPerSubject = 60;
// The least that a trial takes.
constexpr int kFewestSubjects = 20, kFewestSteps = 500;
// Drawn for the model card alone: subjects that neither training nor validation has seen, as many
// for any effort and always randomised, so that networks can be compared.
constexpr int kTestSubjects = 60, kTestFrames = 40;

struct Curve {
  std::string name;
  cv::Scalar colour;
  std::vector<cv::Point2d> points;
};

/// Curves over the steps of training in one panel, on a logarithmic axis.
void DrawPanel(cv::Mat picture, const std::string& title, const std::vector<Curve>& curves) {
  const cv::Rect frame(56, 26, picture.cols - 70, picture.rows - 56);
  double right = 1, low = 1e9, high = 1e-9;
  for (const Curve& curve : curves) {
    for (const cv::Point2d& point : curve.points) {
      right = std::max(right, point.x);
      low = std::min(low, point.y);
      high = std::max(high, point.y);
    }
  }
  low = std::max(low, high * 1e-4) / 1.15;
  high *= 1.15;
  const auto at = [&](const cv::Point2d& point) {
    const double y = std::log(std::max(point.y, low) / low) / std::log(high / low);
    return cv::Point(frame.x + cvRound(point.x / right * frame.width),
                     frame.y + frame.height - cvRound(y * frame.height));
  };
  const cv::Scalar ink(40, 40, 40), grid(225, 225, 225);
  const auto text = [&](const std::string& what, cv::Point where, const cv::Scalar& colour) {
    cv::putText(picture, what, where, cv::FONT_HERSHEY_SIMPLEX, 0.42, colour, 1, cv::LINE_AA);
  };
  for (double decade = 1e-4; decade < 1e4; decade *= 10) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double value = decade * factor;
      if (value < low || value > high) continue;
      const cv::Point left = at({0, value});
      cv::line(picture, left, {frame.x + frame.width, left.y}, grid, 1);
      text(fmt::format("{:g}", value), {6, left.y + 4}, ink);
    }
  }
  cv::rectangle(picture, frame, ink, 1);
  text(title, {frame.x, 18}, ink);
  text("0", {frame.x - 4, picture.rows - 12}, ink);
  text(fmt::format("step {:.0f}", right), {frame.x + frame.width - 80, picture.rows - 12}, ink);
  int row = 0;
  for (const Curve& curve : curves) {
    for (size_t k = 1; k < curve.points.size(); ++k)
      cv::line(picture, at(curve.points[k - 1]), at(curve.points[k]), curve.colour, 2, cv::LINE_AA);
    text(curve.name, {frame.x + frame.width - 150, frame.y + 18 + 16 * row++}, curve.colour);
  }
}

void DrawLearningCurves(const Json& history, const fs::path& file) {
  std::vector<Curve> loss = {{"training loss", {150, 90, 20}, {}}};
  std::vector<Curve> errors = {{"MRD1, mm", {40, 40, 200}, {}},
                               {"upper lid, mm", {160, 90, 20}, {}},
                               {"lower lid, mm", {60, 140, 40}, {}},
                               {"iris x, mm", {150, 40, 150}, {}},
                               {"iris y, mm", {30, 140, 200}, {}}};
  const std::vector<const char*> names = {"mrd1_mae_mm", "upper_mae_mm", "lower_mae_mm",
                                          "iris_x_mae_mm", "iris_y_mae_mm"};
  for (const Json& entry : history) {
    // Goes below zero when the network knows its errors well; shown against the lowest possible.
    loss[0].points.emplace_back(entry.at("step").get<double>(), entry.at("loss").get<double>());
    if (!entry.contains("validation")) continue;
    for (size_t k = 0; k < names.size(); ++k) {
      errors[k].points.emplace_back(entry.at("step").get<double>(),
                                    entry.at("validation").at(names[k]).get<double>());
    }
  }
  double lowest = 1e9;
  for (const cv::Point2d& point : loss[0].points) lowest = std::min(lowest, point.y);
  for (cv::Point2d& point : loss[0].points) point.y += std::max(0.0, 0.1 - lowest);
  cv::Mat picture(640, 760, CV_8UC3, cv::Scalar(252, 252, 252));
  DrawPanel(picture.rowRange(0, 320), "Loss on training subjects (shifted above zero)", loss);
  DrawPanel(picture.rowRange(320, 640), "Mean absolute error on validation subjects", errors);
  if (!cv::imwrite(file.string(), picture)) {
    throw DataError(fmt::format("{} cannot be written.", file.string()));
  }
}

class EyeNetworkTrainer : public NetworkTrainer {
 public:
  std::string Name() const override { return "eye_network"; }
  std::string Summary() const override {
    return "lid margins, corners, iris, pupil and reflex in an eye's crop";
  }

  std::vector<OptionDoc> Options() const override {
    return training::EyeRecipeOptions::Options().Docs();
  }

  std::vector<fs::path> Train(const MakerPlaces& places, const Request& request,
                              const Progress& progress) const override {
    const auto choice = training::EyeRecipeOptions::Parse(request.options);
    const fs::path& folder = request.folder;
    fs::create_directories(folder);
    const std::string command =
        fmt::format("maskbench train eye_network --seed {} --workers {} --effort {}{}",
                    request.seed, request.workers, request.effort, choice.CommandText());
    CheckCommand(folder, command);
    training::CropRecipe recipe;
    recipe.seed = request.seed;
    recipe.randomised = choice.randomisation;
    recipe.subjects =
        std::max(kFewestSubjects, static_cast<int>(std::lround(choice.subjects * request.effort)));
    recipe.frames = kFramesPerSubject;
    {
      const virtual_clinic::Studio studio(places.models_dir, places.npm_dir);
      const std::string phase = fmt::format("Drawing {} subjects", recipe.subjects);
      progress(phase, 0, recipe.subjects, "");
      training::MakeCrops(studio, recipe, folder / "crops", request.workers,
                          [&](int done, int total) { progress(phase, done, total, "crops"); });
    }
    training::TrainingOptions options;
    options.seed = request.seed;
    options.head = choice.Head();
    options.randomised = choice.randomisation;
    options.threads = request.workers;
    options.steps =
        std::max(kFewestSteps, static_cast<int>(std::lround(choice.steps * request.effort)));
    const std::string phase = fmt::format("Training for {} steps", options.steps);
    progress(phase, 0, options.steps, "");
    const training::TrainedEyeNetwork trained = training::TrainEyeNetwork(
        folder / "crops", options, folder / "checkpoint.pt",
        [&](const training::TrainingProgress& now) {
          std::string what = fmt::format("loss {:.3f}", now.loss);
          if (now.validation != nullptr)
            what += fmt::format(", MRD1 off by {:.3f} mm", now.validation->mrd1_mm);
          progress(phase, now.step, now.steps, what);
        });
    const Json description = {{"network", EyeNetworkContract().name},
                              {"command", command},
                              {"subjects", recipe.subjects},
                              {"steps", options.steps},
                              {"crop_generator_version", training::kCropGeneratorVersion},
                              {"validation", ToJson(trained.validation)}};
    const std::vector<fs::path> files = {folder / "eye_network.weights", folder / "history.json",
                                         folder / "learning_curves.png"};
    const std::string packed = PackHalfWeights(trained.graph, description);
    WriteFileAtomically(files[0], packed);
    WriteJsonFile(files[1], trained.history);
    DrawLearningCurves(trained.history, files[2]);
    // Of the rounded weights, as everybody else will run them.
    const ImportReport report =
        WriteNetwork(UnpackHalfWeights(packed, BuildEyeNetwork(0, options.head), files[0].string()),
                     EyeNetworkContract(), description, folder);
    const fs::path evaluation = folder / "evaluation.json", card = folder / "model_card.md";
    Evaluate(places, request, recipe, report, description, evaluation, card, progress);
    return {files[0], files[1], files[2], report.module_file, evaluation, card};
  }

 private:
  /// A folder belongs to one command: crops and checkpoint of another would be gone on with.
  static void CheckCommand(const fs::path& folder, const std::string& command) {
    const fs::path file = folder / "recipe.json";
    if (fs::exists(file)) {
      const std::string before = ReadJsonFile(file).value("command", "");
      if (before != command) {
        throw UsageError(fmt::format("{} holds a training by `{}`; choose another folder.",
                                     folder.string(), before));
      }
    }
    WriteJsonFile(file, {{"command", command}});
  }

  static void Evaluate(const MakerPlaces& places, const Request& request,
                       const training::CropRecipe& recipe, const ImportReport& trained,
                       const Json& description, const fs::path& evaluation, const fs::path& card,
                       const Progress& progress) {
    const virtual_clinic::Studio studio(places.models_dir, places.npm_dir);
    const training::CropGenerator generator(studio);
    const std::unique_ptr<Network> network =
        Network::Load(trained.module_file, EyeNetworkContract(), 1);
    training::CropEvaluation test(network.get());
    for (int k = 0; k < kTestSubjects; ++k) {
      progress("Testing", k, kTestSubjects, "subjects");
      test.Add(generator.Samples(request.seed, recipe.subjects + k, kTestFrames));
    }
    progress("Testing", kTestSubjects, kTestSubjects, "subjects");
    const auto groups = test.Groups();
    WriteJsonFile(evaluation, {{"subjects", kTestSubjects},
                               {"first_subject", recipe.subjects},
                               {"groups", training::ToJson(groups)},
                               {"states", test.States()}});
    const Json states = test.States();
    const auto percent = [&states](const char* name) {
      return states.at(name).is_number()
                 ? fmt::format("{:.1f} %", 100 * states.at(name).get<double>())
                 : std::string("-");
    };
    WriteFileAtomically(
        card,
        fmt::format(
            "# eye_network\n\nMade by `{}`. Weights: SHA-256 of the tensors `{}`, {} parameters, "
            "16-bit floats.\n\n## On {} rendered subjects of its own kind that it has not "
            "seen\n\nMean absolute errors; millimetres of the person, not of an assumed iris. MRD1 "
            "counts from the centre of the iris. Crops are as hard as those of {}: blur, noise, "
            "coding, irises down to 8 px, make-up, glasses.\n\n{}\nShut lids called shut: {} of "
            "{}; "
            "openings of 2 mm and more called shut: {} of {}. Covered eyes called covered: {} of "
            "{}; "
            "free ones called covered: {} of {}.\n",
            description.at("command").get<std::string>(), trained.tensors_sha256,
            trained.parameter_count, kTestSubjects,
            recipe.randomised ? "training" : "randomised training, which this one was not",
            training::TableOf(groups), percent("shut_found"), states.at("shut").get<int>(),
            percent("open_called_shut"), states.at("open").get<int>(), percent("covered_found"),
            states.at("covered").get<int>(), percent("free_called_covered"),
            states.at("free").get<int>()));
  }
};

}  // namespace

void RegisterEyeNetworkTrainer(NetworkTrainers* trainers) {
  trainers->push_back(std::make_unique<EyeNetworkTrainer>());
}

}  // namespace maskbench
