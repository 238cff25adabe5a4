#include "prepared_run.h"

#include <map>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/runtime.h"
#include "maskbench/nn/network.h"
#include "maskbench/pipeline/config_file.h"
#include "maskbench/pipeline/experiment.h"
#include "maskbench/pipeline/plan.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

Json EnvironmentFacts(const Program& program, const PreparedRun& run) {
  Json environment = {{"maskbench", program.version}};
  for (const auto& [name, value] : MachineFacts()) environment[name] = value;
  environment["libtorch"] = TorchVersion();
  environment["blas"] = BlasBoundByTorch();
  Json weights = Json::object();
  for (const NetworkSpec& spec : BuiltInNetworks()) {
    const std::string& name = spec.contract.name;
    try {
      weights[name] =
          (run.networks->IsReplaced(name) ? "replaced " : "") + run.networks->Fingerprint(name);
    } catch (const DataError&) {
      weights[name] = "not imported";  // Only an error when a component needs it.
    }
  }
  environment["weights"] = weights;
  return environment;
}

/// @param label  how messages call the configuration.
PreparedRun Prepare(const Program& program, const SweptRun& swept, const std::string& label,
                    const fs::path& config_folder,
                    std::map<std::string, std::shared_ptr<NetworkLibrary>>* libraries) {
  PreparedRun run;
  run.name = swept.name;
  RunConfig& config = run.description.config;
  config = ParseRunConfig(swept.config, *program.components, label);
  for (const ComponentChoice& choice : config.experiments) {
    Problems problems;
    program.components->experiments.Make(choice, {})->Check(config, &problems);
    problems.ThrowIfAny(fmt::format("{}: experiment \"{}\"", label, choice.name));
  }
  if (config.dataset.manifest.empty()) {
    DatasetRecipe recipe = config.dataset.make;
    if (!recipe.seed) recipe.seed = config.seed;
    run.description.dataset =
        FindDatasetMaker(program.components->dataset_makers, recipe.maker).Describe(recipe).dataset;
  } else {
    const fs::path manifest = (config_folder / config.dataset.manifest).lexically_normal();
    try {
      run.description.dataset = ReadManifest(manifest);
    } catch (const DataError& error) {
      throw UsageError(fmt::format("dataset.manifest: {}", error.what()));
    }
    run.dataset_root = DatasetRoot(run.description.dataset, manifest, program.AssetsDir());
  }
  // Runs with the same networks share them: their fingerprints take a while.
  std::shared_ptr<NetworkLibrary>& library = (*libraries)[config.networks.dump()];
  if (!library) {
    std::map<std::string, fs::path> replacements;
    for (const auto& item : config.networks.items()) {
      const fs::path file = (config_folder / item.value().get<std::string>()).lexically_normal();
      if (!fs::exists(file)) {
        throw UsageError(fmt::format("networks.{}: {} does not exist.", item.key(), file.string()));
      }
      replacements[item.key()] = file;
    }
    library = std::make_shared<NetworkLibrary>(program.ModelsDir(), replacements);
  }
  run.networks = library;
  run.description.plan = MakePlan(config, run.description.dataset, *program.components,
                                  *run.networks, config_folder, program.Places());
  for (const ComponentChoice& choice : config.experiments) {
    Problems problems;
    program.components->experiments.Make(choice, {})
        ->CheckData(run.description.dataset, run.description.plan.recordings, &problems);
    problems.ThrowIfAny(fmt::format("{}: experiment \"{}\"", label, choice.name));
  }
  run.description.environment = EnvironmentFacts(program, run);
  return run;
}

}  // namespace

PreparedRuns PrepareRuns(const Program& program, const RunArguments& arguments) {
  const std::string file = arguments.config.string();
  Json json = ReadConfigFile(arguments.config);
  for (const std::string& assignment : arguments.overrides) ApplyOverride(assignment, &json);
  if (arguments.seed && json.is_object()) json["seed"] = *arguments.seed;
  PreparedRuns prepared;
  prepared.swept = ExpandSweep(json, file);
  std::map<std::string, std::shared_ptr<NetworkLibrary>> libraries;
  for (const SweptRun& swept : prepared.swept) {
    if (arguments.seed && swept.place.values.contains("seed"))
      throw UsageError(fmt::format("--seed cannot go with {}, which sweeps the seed.", file));
    const std::string label =
        swept.name.empty() ? file : fmt::format("{} (sweep: {})", file, swept.name);
    prepared.runs.push_back(
        Prepare(program, swept, label, fs::absolute(arguments.config).parent_path(), &libraries));
  }
  return prepared;
}

}  // namespace maskbench
