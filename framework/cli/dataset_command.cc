#include <map>
#include <set>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/text.h"
#include "maskbench/pipeline/dataset_maker.h"
#include "maskbench/pipeline/manifest.h"

#include "commands.h"
#include "progress.h"

namespace maskbench {
namespace {

/// What is said of people. Any word is allowed as a label, so a misspelt one can only be seen.
void PrintWhatIsSaid(const Dataset& dataset) {
  std::map<std::string, std::set<std::string>> sessions;
  std::map<std::string, int> eyes;
  int without = 0;
  for (const LabelledRecording& recording : dataset.recordings) {
    if (!recording.session.empty()) sessions[recording.subject].insert(recording.session);
    for (const EyeTruth* eye : {&recording.right, &recording.left}) {
      for (const auto& [sign, label] : eye->labels.items())
        ++eyes[fmt::format("{} {}", sign,
                           label.is_string() ? label.get<std::string>() : label.dump())];
      if (eye->labels.empty()) ++without;
    }
  }
  int several = 0;
  for (const auto& [subject, own] : sessions) several += own.size() > 1 ? 1 : 0;
  fmt::print("Subjects with recordings of several sessions: {}.\n", several);
  std::vector<std::string> labels;
  for (const auto& [label, count] : eyes) labels.push_back(fmt::format("{} {}", label, count));
  fmt::print("Labels of eyes: {}; no label {}.\n", labels.empty() ? "none" : Join(labels, ", "),
             without);
}

}  // namespace

int DatasetCheckCommand(const Program& program, const std::filesystem::path& manifest) {
  const Dataset dataset = ReadManifest(manifest);
  if (!dataset.made.maker.empty()) {
    fmt::print("{} {} is sound; its {} recordings are no files but drawn by {} during a run.\n",
               dataset.name, dataset.version, dataset.recordings.size(), dataset.made.maker);
    return kExitDone;
  }
  ProgressBar bar;
  bar.Begin(static_cast<int>(dataset.recordings.size()), 0);
  const Problems problems =
      CheckFiles(dataset, DatasetRoot(dataset, manifest, program.AssetsDir()),
                 [&bar](const std::string& id) { bar.Step("checking " + id); });
  bar.Close();
  if (!problems.empty()) {
    fmt::print(stderr, "{} has {} problem{}:\n", manifest.string(), problems.lines().size(),
               problems.lines().size() == 1 ? "" : "s");
    for (const std::string& line : problems.lines()) fmt::print(stderr, "  - {}\n", line);
    return kExitUsage;
  }
  fmt::print("{} {} is sound: {} subjects, {} recordings ({}).\n", dataset.name, dataset.version,
             dataset.subjects.size(), dataset.recordings.size(),
             dataset.kind == "real" ? "real people" : "virtual people");
  PrintWhatIsSaid(dataset);
  return kExitDone;
}

int DatasetMakeCommand(const Program& program, const DatasetMakeArguments& arguments) {
  const DatasetMaker& maker = FindDatasetMaker(program.components->dataset_makers, arguments.name);
  Problems problems;
  const DatasetRecipe recipe = DatasetRecipe::Options().Parse(
      DatasetRecipe::Options().ToJson(arguments.recipe), "recipe", &problems);
  problems.ThrowIfAny(arguments.name);
  ProgressBar bar;
  bool begun = false;
  const std::filesystem::path manifest =
      MakeDataset(maker, program.Places(), recipe, arguments.folder, arguments.workers,
                  [&](int, int total, const std::string& what) {
                    if (!begun) bar.Begin(total, 0);
                    begun = true;
                    bar.Step(what);
                  });
  bar.Close();
  fmt::print("{}\n", manifest.string());
  return kExitDone;
}

int DatasetImportCommand(const Program& program, const DatasetImportArguments& arguments) {
  const DatasetImporter& importer =
      FindDatasetImporter(program.components->dataset_importers, arguments.layout);
  ProgressBar bar;
  bool begun = false;
  const std::filesystem::path manifest =
      ImportDataset(importer, arguments.request, [&](int, int total, const std::string& what) {
        if (!begun) bar.Begin(total, 0);
        begun = true;
        bar.Step(what);
      });
  bar.Close();
  const Dataset dataset = ReadManifest(manifest);
  fmt::print("{}: {} subjects, {} recordings, {} pairs\n", manifest.string(),
             dataset.subjects.size(), dataset.recordings.size(), dataset.pairs.size());
  return kExitDone;
}

int DatasetSheetsCommand(const Program& program, const DatasetSheetsArguments& arguments) {
  const DatasetMaker& maker = FindDatasetMaker(program.components->dataset_makers, arguments.name);
  ProgressBar bar;
  bool begun = false;
  const auto files = maker.DrawSheets(program.Places(), arguments.seed, arguments.out,
                                      [&](int, int total, const std::string& what) {
                                        if (!begun) bar.Begin(total, 0);
                                        begun = true;
                                        bar.Step(what);
                                      });
  bar.Close();
  for (const std::filesystem::path& file : files) fmt::print("{}\n", file.string());
  return kExitDone;
}

}  // namespace maskbench
