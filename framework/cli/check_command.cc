// `check-method`: what is wrong with a method, before a long run.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/text.h"
#include "maskbench/masking/premade.h"
#include "maskbench/pipeline/config_file.h"
#include "maskbench/pipeline/run_config.h"
#include "maskbench/pipeline/sweep.h"

#include "commands.h"
#include "method_checks.h"
#include "one_component.h"

namespace maskbench {
namespace {
namespace fs = std::filesystem;

/// A method of a configuration, or one from the command line, with what surrounds it.
struct Wanted {
  bool is_mask = false;
  ComponentChoice choice;
  std::optional<RunConfig> config;
  fs::path config_folder;
  std::map<std::string, fs::path> networks;  ///< Replaced ones.
};

Wanted FromConfig(const Program& program, const CheckArguments& arguments) {
  Json json = ReadConfigFile(arguments.config);
  for (const std::string& assignment : arguments.options) ApplyOverride(assignment, &json);
  // Of a sweep of runs the first one.
  json = ExpandSweep(json, arguments.config.string()).front().config;
  Wanted wanted;
  wanted.config_folder = fs::absolute(arguments.config).parent_path();
  wanted.config = ParseRunConfig(json, *program.components, arguments.config.string());
  for (const auto& item : wanted.config->networks.items()) {
    wanted.networks[item.key()] = wanted.config_folder / item.value().get<std::string>();
  }
  std::vector<std::string> names;
  for (const auto* choices : {&wanted.config->variants, &wanted.config->observers}) {
    for (const ComponentChoice& choice : *choices) {
      names.push_back(choice.name);
      if (choice.name != arguments.name) continue;
      wanted.is_mask = choices == &wanted.config->variants;
      wanted.choice = choice;
      return wanted;
    }
  }
  throw UsageError(fmt::format("{} has no variant or observer \"{}\"; it has {}.{}",
                               arguments.config.string(), arguments.name, Join(names, ", "),
                               Suggestion(arguments.name, names)));
}

Wanted FromCommandLine(const Program& program, const CheckArguments& arguments) {
  if (arguments.variant.empty() == arguments.observer.empty()) {
    throw UsageError(
        "name what to check: --variant TYPE, --observer TYPE, or a configuration and the name of "
        "a variant or observer in it.");
  }
  Wanted wanted;
  wanted.is_mask = arguments.observer.empty();
  const Components& components = *program.components;
  wanted.choice = wanted.is_mask
                      ? Choose(components.maskers, arguments.variant, arguments.options)
                      : Choose(components.observers, arguments.observer, arguments.options);
  return wanted;
}

void CheckPremadeOf(const Program& program, const Wanted& wanted, CheckList* list) {
  if (!wanted.config) {
    throw UsageError(
        "videos that were masked already belong to the recordings of a data set: name a "
        "configuration and the variant in it.");
  }
  const DatasetChoice& choice = wanted.config->dataset;
  const fs::path videos =
      (wanted.config_folder / wanted.choice.options.value("folder", "")).lexically_normal();
  Dataset dataset;
  fs::path root;
  if (choice.manifest.empty()) {
    DatasetRecipe recipe = choice.make;
    if (!recipe.seed) recipe.seed = wanted.config->seed;
    dataset =
        FindDatasetMaker(program.components->dataset_makers, recipe.maker).Describe(recipe).dataset;
  } else {
    const fs::path manifest = (wanted.config_folder / choice.manifest).lexically_normal();
    dataset = ReadManifest(manifest);
    root = DatasetRoot(dataset, manifest, program.AssetsDir());
  }
  CheckPremade(videos, dataset, choice.split, root, list);
}

}  // namespace

int CheckCommand(const Program& program, const CheckArguments& arguments) {
  if (arguments.config.empty() != arguments.name.empty()) {
    throw UsageError(
        "with a configuration, the name of one of its variants or observers is needed.");
  }
  if (!arguments.config.empty() && !(arguments.variant.empty() && arguments.observer.empty())) {
    throw UsageError("either a configuration or --variant or --observer, not both.");
  }
  const Wanted wanted = arguments.config.empty() ? FromCommandLine(program, arguments)
                                                 : FromConfig(program, arguments);
  CheckList list;
  fmt::print(
      "{} ({})\n\n", wanted.choice.name,
      wanted.is_mask ? program.components->maskers.Kind() : program.components->observers.Kind());
  if (wanted.is_mask && wanted.choice.type == kPremadeType) {
    CheckPremadeOf(program, wanted, &list);
  } else {
    const NetworkLibrary networks(program.ModelsDir(), wanted.networks);
    const TemporaryFolder temporary;
    const fs::path folder =
        arguments.keep.empty() ? temporary.path() : fs::absolute(arguments.keep);
    fs::create_directories(folder);
    const FaceTrackerOptions perception =
        wanted.config ? wanted.config->perception : FaceTrackerOptions();
    SampleMaker samples(program, networks, perception, folder / "recordings");
    const CheckedMethod method{
        program,    wanted.choice,
        networks,   wanted.config ? wanted.config->delivery : DeliveryOptions(),
        perception, folder / "out"};
    wanted.is_mask ? CheckMask(method, &samples, &list) : CheckObserver(method, &samples, &list);
    if (!arguments.keep.empty()) fmt::print("\nLook at {}.\n", folder.string());
  }
  if (list.problems() > 0) {
    fmt::print("\n{} problem{}.\n", list.problems(), list.problems() == 1 ? "" : "s");
    return kExitCannotGoOn;
  }
  fmt::print("\nNo problems{}.\n",
             list.notes() > 0 ? fmt::format(", {} to know", list.notes()) : std::string());
  return kExitDone;
}

}  // namespace maskbench
